import { html } from '../core/html.js';
import { createStore, useStore } from '../core/store.js';

const notes = createStore([]);
const shownFor = 6_000;
let last = 0;

/** A short word at the edge of the page, also read aloud. */
export function tell(text, kind = 'done') {
  const id = ++last;
  notes.set([...notes.get(), { id, text, kind }]);
  setTimeout(() => notes.set(notes.get().filter((note) => note.id !== id)), shownFor);
}

/** Runs an action of the operator; a refusal is told in the API's own words. */
export async function attempt(action, done) {
  try {
    const answer = await action();
    if (done) tell(typeof done === 'function' ? done(answer) : done);
    return answer;
  } catch (problem) {
    tell(problem.message, 'failed');
    return undefined;
  }
}

export function Notes() {
  return html`
    <div class="notes" role="status" aria-live="polite">
      ${useStore(notes).map((note) => html`<p key=${note.id} class="note" data-kind=${note.kind}>${note.text}</p>`)}
    </div>`;
}
