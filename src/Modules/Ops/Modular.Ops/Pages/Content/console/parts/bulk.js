import { html, useState } from '../core/html.js';
import { post } from '../core/api.js';
import { plural } from '../core/format.js';
import { toBody } from '../core/job-filter.js';
import { useLoad } from '../core/load.js';
import { Dialog } from './dialog.js';
import { tell } from './notes.js';
import { Loaded } from './page.js';
import { State } from './state.js';

export const bulkActions = {
  retry: { label: 'Retry', states: ['failed', 'cancelled'], past: 'go again', done: 'retried', says: 'Back to the queue, with as many attempts as before.' },
  cancel: { label: 'Cancel', states: ['scheduled', 'queued', 'running'], past: 'are cancelled', done: 'cancelled', says: 'What waits will not run; what runs is asked to stop.' },
  delete: { label: 'Delete', states: ['succeeded', 'failed', 'cancelled'], past: 'are deleted', done: 'deleted', says: 'Gone for good, with logs, events and own artifacts.' },
};

/** Shows how many jobs an action means, then does exactly that: the API refuses when the number has changed meanwhile. */
export function Bulk({ action, filter, onClose, onDone }) {
  const { label, states, past, done, says } = bulkActions[action];
  const meant = filter.state.length > 0 ? filter.state.filter((state) => states.includes(state)) : states;
  const body = { action, filter: { ...toBody(filter), state: meant } };
  const preview = useLoad(() => (meant.length > 0 ? post('/jobs/bulk', { ...body, dryRun: true }) : Promise.resolve({ matched: 0 })), [body]);
  const [problem, setProblem] = useState();
  const [isBusy, setBusy] = useState(false);

  const act = async () => {
    setBusy(true);
    try {
      const { changed } = await post('/jobs/bulk', { ...body, expectedCount: preview.data.matched });
      tell(`${plural(changed, 'job')} ${past}.`);
      onDone();
      onClose();
    } catch (fault) {
      setProblem(fault);
      setBusy(false);
      if (fault.status === 409) preview.reload();
    }
  };

  return html`
    <${Dialog} title=${`${label} all that match?`} onClose=${onClose}>
      <dl class="facts">
        <div><dt>States</dt><dd>${meant.length > 0 ? meant.map((state) => html`<${State} key=${state} state=${state} /> `) : `none of the chosen ones can be ${done}`}</dd></div>
        ${Object.entries(toBody(filter)).filter(([name]) => name !== 'state').map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd><code>${value}</code></dd></div>`)}
      </dl>
      <${Loaded} of=${preview} rows=${1}>
        ${({ matched }) => html`<p class="matched"><strong class="number">${plural(matched, 'job')}</strong> ${matched === 1 ? 'matches' : 'match'}. ${matched > 0 ? says : 'Choose other states or a wider filter.'}</p>`}
      <//>
      ${problem && html`<p class="field-error" role="alert">${problem.message}</p>`}
      <footer class="sheet-foot">
        <button type="button" onClick=${onClose}>Keep as it is</button>
        <button type="button" class=${action === 'retry' ? 'primary' : 'danger'} disabled=${!preview.data?.matched || isBusy} onClick=${act}>${label} ${preview.data ? plural(preview.data.matched, 'job') : ''}</button>
      </footer>
    <//>`;
}
