import { html } from '../core/html.js';

export const states = ['scheduled', 'queued', 'running', 'succeeded', 'failed', 'cancelled'];

export const isFinal = (state) => state === 'succeeded' || state === 'failed' || state === 'cancelled';

// A shape besides the color: not everybody sees both.
const shapes = {
  scheduled: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 5v3.2l2 1.3',
  queued: 'M3 5h10M3 8h10M3 11h6',
  running: 'M5.5 3.5v9l7-4.5z',
  succeeded: 'M3 8.5 6.5 12 13 4.5',
  failed: 'M4 4l8 8M12 4l-8 8',
  cancelled: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM4.2 4.2l7.6 7.6',
};

export const StateIcon = ({ state }) => html`
  <svg class="state-icon" data-state=${state} viewBox="0 0 16 16" aria-hidden="true"><path d=${shapes[state]} /></svg>`;

export const State = ({ state }) => html`<span class="state" data-state=${state}><${StateIcon} state=${state} />${state}</span>`;

/** How far a job is; without a percentage nothing is drawn. */
export const Progress = ({ percent, label = 'Progress' }) => html`
  <span class="progress" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(percent)}>
    <span class="progress-bar" style=${{ width: `${percent}%` }}></span>
  </span>`;
