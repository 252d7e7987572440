import { html, useState } from '../core/html.js';
import { get, post, remove } from '../core/api.js';
import { useLoad } from '../core/load.js';
import { session } from '../core/session.js';
import { Confirm, Dialog } from '../parts/dialog.js';
import { Field } from '../parts/field.js';
import { attempt } from '../parts/notes.js';
import { Copy, Empty, Loaded, Page, Pager } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { When } from '../parts/time.js';

export function Keys() {
  const [cursor, setCursor] = useState();
  const [isMaking, setMaking] = useState(false);
  const [revoked, setRevoked] = useState();
  const keys = useLoad((signal) => get('/api-keys', { cursor }, signal), [cursor]);

  const revoke = async () => {
    await attempt(() => remove(`/api-keys/${revoked.id}`), `The key ${revoked.name} is revoked.`);
    setRevoked(undefined);
    keys.reload();
  };

  const columns = [
    { label: 'Name', cell: (key) => key.name },
    { label: 'Scopes', cell: (key) => html`<span class="tags">${key.scopes.map((scope) => html`<span key=${scope} class="tag">${scope}</span>`)}</span>` },
    { label: 'A minute', isNumber: true, cell: (key) => key.rateLimitPerMinute ?? '–' },
    { label: 'Made', cell: (key) => html`<${When} at=${key.createdAt} />` },
    { label: 'Last used', cell: (key) => html`<${When} at=${key.lastUsedAt} />` },
    { label: 'Expires', cell: (key) => (key.expiresAt ? html`<${When} at=${key.expiresAt} />` : 'never') },
    { cell: (key) => html`<button type="button" class="small" onClick=${() => setRevoked(key)}>Revoke<span class="unseen"> ${key.name}</span></button>` },
  ];

  return html`
    <${Page} title="Keys" sub="Each program gets its own, with no more scopes than it needs." actions=${html`<button type="button" class="primary" onClick=${() => setMaking(true)}>Make a key</button>`}>
      <${Loaded} of=${keys}>
        ${({ items, nextCursor }) => items.length === 0
          ? html`<${Empty} title="There is no key yet">Make one for each program that calls this service.<//>`
          : html`
            <${Table} label="Keys" columns=${columns} rows=${items} keyOf=${(key) => key.id} />
            <${Pager} hasNewer=${cursor} nextCursor=${nextCursor} onNewest=${() => setCursor(undefined)} onOlder=${() => setCursor(nextCursor)} />`}
      <//>
      ${isMaking && html`<${Make} onClose=${() => setMaking(false)} onMade=${keys.reload} />`}
      ${revoked && html`<${Confirm} title=${`Revoke ${revoked.name}?`} action="Revoke it" onConfirm=${revoke} onClose=${() => setRevoked(undefined)}>
        <p>Whoever uses it is refused within 5 seconds, and its sessions end. It cannot be brought back.</p><//>`}
    <//>`;
}

function Make({ onClose, onMade }) {
  const [made, setMade] = useState();
  const [problem, setProblem] = useState();
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const expires = form.get('expiresAt');
    const rate = form.get('rateLimitPerMinute');
    try {
      setMade(await post('/api-keys', {
        name: form.get('name'),
        scopes: form.getAll('scopes'),
        expiresAt: expires ? new Date(expires).toISOString() : null,
        rateLimitPerMinute: rate ? Number(rate) : null,
      }));
      onMade();
    } catch (fault) {
      setProblem(fault);
    }
  };
  const error = (field) => problem?.errors[field]?.[0];

  if (made) {
    return html`
      <${Dialog} title=${`The key ${made.name}`} onClose=${onClose}>
        <p>Copy it now: it is shown this once, and only its hash is kept.</p>
        <p class="secret"><code>${made.key}</code><${Copy} text=${made.key} /></p>
        <footer class="sheet-foot"><button type="button" class="primary" onClick=${onClose}>I have it</button></footer>
      <//>`;
  }

  return html`
    <${Dialog} title="Make a key" onClose=${onClose}>
      <form onSubmit=${submit}>
        ${problem && Object.keys(problem.errors).length === 0 && html`<p class="field-error" role="alert">${problem.message}</p>`}
        <${Field} label="Name" hint="Whose it is, such as “nightly import”." error=${error('name')} isRequired>${(ties) => html`<input ...${ties} name="name" maxlength="100" autocomplete="off" autofocus />`}<//>
        <fieldset><legend>Scopes</legend>
          ${session.get().scopes.map((scope) => html`<label key=${scope} class="check"><input type="checkbox" name="scopes" value=${scope} />${scope}</label>`)}
          ${error('scopes') && html`<p class="field-error">${error('scopes')}</p>`}</fieldset>
        <div class="field-row">
          <${Field} label="Expires" hint="Empty: never." error=${error('expiresAt')}>${(ties) => html`<input ...${ties} name="expiresAt" type="datetime-local" />`}<//>
          <${Field} label="Requests a minute" hint="Empty: as its address." error=${error('rateLimitPerMinute')}>${(ties) => html`<input ...${ties} name="rateLimitPerMinute" type="number" min="1" />`}<//>
        </div>
        <footer class="sheet-foot"><button type="button" onClick=${onClose}>Keep as it is</button><button class="primary">Make the key</button></footer>
      </form>
    <//>`;
}
