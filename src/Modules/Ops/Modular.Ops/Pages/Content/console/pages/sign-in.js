import { html, useEffect, useRef, useState } from '../core/html.js';
import { signIn } from '../core/session.js';
import { Field } from '../parts/field.js';

export function SignIn() {
  const [problem, setProblem] = useState();
  const [isBusy, setBusy] = useState(false);
  const input = useRef();
  useEffect(() => {
    document.title = 'Sign in · Modular';
    input.current.focus();
  }, []);

  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(input.current.value.trim());
    } catch (fault) {
      setProblem(fault);
      setBusy(false);
      input.current.select();
    }
  };

  return html`
    <main class="lone">
      <form class="card sign-in" onSubmit=${submit}>
        <h1>Modular</h1>
        <p class="muted">Sign in with an API key. What you see depends on its scopes.</p>
        <${Field} label="API key" error=${problem && (problem.errors.key?.[0] ?? problem.message)}
          hint="It goes to the server once and becomes a session of 12 hours in a cookie that no script can read.">
          ${(ties) => html`<input ref=${input} ...${ties} type="password" autocomplete="current-password" spellcheck="false" />`}
        <//>
        <button class="primary" disabled=${isBusy}>Sign in</button>
      </form>
    </main>`;
}
