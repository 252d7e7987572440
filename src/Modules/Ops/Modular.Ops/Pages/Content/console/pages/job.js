import { html, useState } from '../core/html.js';
import { get, post, remove, root } from '../core/api.js';
import { bytes } from '../core/format.js';
import { useLive } from '../core/live.js';
import { useEvery, useLoad } from '../core/load.js';
import { go } from '../core/router.js';
import { can } from '../core/session.js';
import { useShortcuts } from '../core/shortcuts.js';
import { Confirm } from '../parts/dialog.js';
import { JobSentence } from '../parts/job-sentence.js';
import { useJobEvents } from '../parts/job-events.js';
import { Json } from '../parts/json.js';
import { LogTail } from '../parts/log-tail.js';
import { attempt } from '../parts/notes.js';
import { Copy, Loaded, Page } from '../parts/page.js';
import { isFinal, Progress, State } from '../parts/state.js';
import { Timeline } from '../parts/timeline.js';
import { When } from '../parts/time.js';

const isWaiting = (state) => state === 'scheduled' || state === 'queued';

export function Job({ id }) {
  const loaded = useLoad((signal) => get(`/jobs/${id}`, undefined, signal), [id]);
  const events = useJobEvents(id, loaded.data !== undefined, loaded.reload);
  // Why it waits changes without an event of its own: the jobs before it move.
  useEvery(5_000, () => isWaiting(loaded.data?.state) && loaded.reload());
  useLive((news) => {
    // A retry by somebody else puts events behind the end that this page has seen.
    if (isFinal(loaded.data?.state) && news.jobs.some((job) => job.id === id && !isFinal(job.state))) events.resume();
  });
  return html`
    <${Loaded} of=${loaded}>
      ${(job) => html`<${Whole} job=${job} events=${events} onChange=${loaded.reload} />`}
    <//>`;
}

function Whole({ job, events, onChange }) {
  const [isDeleting, setDeleting] = useState(false);
  const mayWrite = can('jobs:write');
  const cancel = async () => {
    await attempt(() => post(`/jobs/${job.id}/cancel`), (now) => (now.state === 'cancelled' ? 'The job is cancelled.' : 'The job is asked to stop.'));
    onChange();
  };
  const retry = async () => {
    await attempt(() => post(`/jobs/${job.id}/retry`), 'The job goes again.');
    onChange();
    events.resume();
  };
  const removeIt = async () => {
    setDeleting(false);
    const isGone = await attempt(async () => {
      await remove(`/jobs/${job.id}`);
      return true;
    }, 'The job is deleted.');
    if (isGone) go('/jobs');
  };
  const canCancel = mayWrite && !isFinal(job.state) && !job.cancelRequestedAt;
  const canRetry = mayWrite && (job.state === 'failed' || job.state === 'cancelled');
  useShortcuts({ c: () => canCancel && cancel(), r: () => canRetry && retry() });
  const progress = isFinal(job.state) || job.state === 'running' ? events.progress ?? job.progress : undefined;

  return html`
    <${Page} name=${`${job.type} ${job.state}`} title=${html`<span class="job-type">${job.type}</span> <${State} state=${job.state} />`}
      sub=${html`<code class="job-id">${job.id}</code>`}
      actions=${html`
        ${canCancel && html`<button type="button" onClick=${cancel}>Cancel</button>`}
        ${canRetry && html`<button type="button" class="primary" onClick=${retry}>Retry</button>`}
        ${mayWrite && isFinal(job.state) && html`<button type="button" onClick=${() => setDeleting(true)}>Delete</button>`}
        ${mayWrite && html`<a class="button" href=${`#/new?like=${job.id}`}>Submit one like it</a>`}`}>
      <${JobSentence} job=${job} />
      <div class="progress-place">${progress && html`
        <${Progress} percent=${progress.percent} label="Progress of the job" />
        <p><span class="number">${Math.round(progress.percent)}%</span> <span class="muted">${progress.message}</span></p>`}</div>
      <div class="job-columns">
        <div>
          ${job.error && html`<section class="card error-card"><header><h2>Error</h2><code>${job.error.type}</code></header><pre class="code" tabindex="0" role="region" aria-label="Error">${job.error.message}</pre></section>`}
          <${LogTail} id=${job.id} lines=${events.lines} hasEnded=${isFinal(job.state)} />
          <section class="card"><header><h2>Payload</h2><${Copy} text=${() => JSON.stringify(job.payload, null, 2)} /></header><${Json} value=${job.payload} label="Payload" /></section>
          ${job.state === 'succeeded' && html`<section class="card"><header><h2>Result</h2><${Copy} text=${() => JSON.stringify(job.result, null, 2)} /></header><${Json} value=${job.result} label="Result" /></section>`}
        </div>
        <div>
          <${Artifacts} job=${job} />
          <${Timeline} job=${job} steps=${events.steps} />
          <${Facts} job=${job} />
        </div>
      </div>
      ${isDeleting && html`<${Confirm} title="Delete this job?" action="Delete it" onConfirm=${removeIt} onClose=${() => setDeleting(false)}><p>It goes with its log, its events and its own artifacts, for good.</p><//>`}
    <//>`;
}

const Artifacts = ({ job }) => job.artifacts.length > 0 && html`
  <section class="card">
    <header><h2>Artifacts</h2></header>
    <ul class="lines">${job.artifacts.map((one) => html`
      <li key=${one.name}><a class="key" href=${`${root}/jobs/${job.id}/artifacts/${encodeURIComponent(one.name)}`} download title=${`SHA-256 ${one.sha256}`}>${one.name}</a><span class="muted clip">${one.contentType}</span><span class="number">${bytes(one.size)}</span></li>`)}</ul>
  </section>`;

function Facts({ job }) {
  const metadata = Object.entries(job.metadata);
  return html`
    <section class="card">
      <header><h2>Job</h2></header>
      <dl class="facts">
        <div><dt>Queue</dt><dd><a href=${`#/jobs?queue=${job.queue}`}>${job.queue}</a></dd></div>
        <div><dt>Priority</dt><dd class="number">${job.priority}</dd></div>
        <div><dt>Attempts</dt><dd class="number">${job.attempt} of ${job.maxAttempts}</dd></div>
        <div><dt>Submitted</dt><dd><${When} at=${job.createdAt} /></dd></div>
        ${job.runAt && isWaiting(job.state) && html`<div><dt>Due</dt><dd><${When} at=${job.runAt} /></dd></div>`}
        ${job.tags.length > 0 && html`<div><dt>Tags</dt><dd class="tags">${job.tags.map((tag) => html`<a key=${tag} class="tag" href=${`#/jobs?tag=${encodeURIComponent(tag)}`}>${tag}</a>`)}</dd></div>`}
        ${metadata.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
      </dl>
    </section>`;
}
