import { html } from '../core/html.js';
import { between, duration, exact } from '../core/format.js';
import { StateIcon } from './state.js';

/** What happened to the job, step by step, with the time between. */
export function Timeline({ job, steps }) {
  return html`
    <section class="card">
      <header><h2>Timeline</h2></header>
      <ol class="timeline">
        ${steps.map((step, index) => html`
          <li key=${step.id} data-state=${step.state}>
            <${StateIcon} state=${step.state} />
            <div><p><strong>${step.state}</strong>${step.attempt > 0 && html` <span class="muted">attempt ${step.attempt}</span>`}</p>
              ${step.state === 'running' && step.worker && html`<p class="muted clip" title=${step.worker}>on ${step.worker}</p>`}
              ${step.error && html`<p class="clip field-error" title=${step.error.message}>${step.error.type}: ${step.error.message}</p>`}</div>
            <time class="number muted" datetime=${step.at} title=${exact(step.at)}>${index === 0 ? new Date(step.at).toLocaleTimeString('en-GB') : `+${duration(Math.max(0, between(steps[index - 1].at, step.at)))}`}</time>
          </li>`)}
        ${steps.length === 0 && html`<li data-state=${job.state}><${StateIcon} state=${job.state} /><div><p><strong>${job.state}</strong></p></div></li>`}
      </ol>
    </section>`;
}
