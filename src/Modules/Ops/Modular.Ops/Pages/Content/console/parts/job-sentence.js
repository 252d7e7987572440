import { html } from '../core/html.js';
import { between, duration, plural } from '../core/format.js';
import { Elapsed, When } from './time.js';

const time = /\d{4}-\d\d-\d\dT[\d:.]+Z/;

/** One plain sentence that says why the job is where it is. */
export function JobSentence({ job }) {
  switch (job.state) {
    case 'scheduled':
    case 'queued': return html`<p class="sentence">${job.state === 'queued' ? 'It waits: ' : ''}${waiting(job)}.${job.error && html` The last attempt ended with ${job.error.type}: ${job.error.message}`}</p>`;
    case 'running': return html`
      <p class="sentence">Attempt ${job.attempt} of ${job.maxAttempts} has been running on ${job.attempts.at(-1)?.worker ?? 'a worker'} for <${Elapsed} from=${job.startedAt} />.
        ${job.cancelRequestedAt && html` Cancel was asked <${When} at=${job.cancelRequestedAt} />; a handler that does not listen is cut off after 10 s.`}</p>`;
    case 'succeeded': return html`<p class="sentence">It succeeded <${When} at=${job.finishedAt} /> on attempt ${job.attempt}${took(job)}.</p>`;
    case 'failed': return html`<p class="sentence">It failed <${When} at=${job.finishedAt} />: ${why(job)} Retry gives it ${plural(job.maxAttempts, 'more attempt', 'more attempts')} at most.</p>`;
    default: return html`<p class="sentence">It was cancelled <${When} at=${job.finishedAt} />, ${job.attempt === 0 ? 'before it ran' : `after ${plural(job.attempt, 'attempt')} had begun`}. Retry puts it back into its queue.</p>`;
  }
}

function waiting({ waitingFor, state }) {
  if (!waitingFor) return state === 'queued' ? 'a worker is about to take it' : 'Its time has not come';
  const at = time.exec(waitingFor)?.[0];
  const words = waitingFor.split(at ?? '\0');
  const first = state === 'scheduled' ? words[0].charAt(0).toUpperCase() + words[0].slice(1) : words[0];
  return html`${first}${at && html`<${When} at=${at} />`}${words[1]}`;
}

const took = ({ createdAt, startedAt, finishedAt }) => (startedAt ? `, after ${duration(between(startedAt, finishedAt))} of work and ${duration(Math.max(0, between(createdAt, startedAt)))} of waiting` : '');

function why({ attempt, maxAttempts, error }) {
  if (error?.type === 'WorkerLost') return 'its worker went away and no attempt was left.';
  if (maxAttempts === 1) return 'its only attempt ended with an error.';
  return attempt < maxAttempts ? `attempt ${attempt} said that another try is useless.` : `all ${plural(maxAttempts, 'attempt')} ended with an error.`;
}
