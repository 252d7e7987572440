import { html, useState } from '../core/html.js';
import { get } from '../core/api.js';
import { count, duration, plural } from '../core/format.js';
import { useLive } from '../core/live.js';
import { useEvery, useLoad, usePaced } from '../core/load.js';
import { can } from '../core/session.js';
import { Chart } from '../parts/chart.js';
import { Empty, Loaded, Page, Trouble } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { Elapsed, When } from '../parts/time.js';

const windows = [['15m', '15 minutes'], ['1h', 'Hour'], ['24h', 'Day']];

export function Overview() {
  const [span, setSpan] = useState('15m');
  const [queues, setQueues] = useState();
  const stats = useLoad((signal) => get('/stats', { window: span }, signal), [span]);
  const failures = useLoad((signal) => get('/jobs', { state: 'failed', limit: 5 }, signal), []);
  const reload = usePaced(() => {
    stats.reload();
    failures.reload();
  });
  useLive((news) => {
    setQueues(news.queues);
    if (!news.isFirst) reload();
  });
  // Time passes on the charts also while nothing happens.
  useEvery(15_000, stats.reload);

  return html`
    <${Page} title="Overview" actions=${html`<${Windows} chosen=${span} onChoose=${setSpan} />`}>
      <${Tiles} queues=${queues} stats=${stats.data} />
      ${stats.problem && html`<${Trouble} problem=${stats.problem} onRetry=${stats.reload} />`}
      <${Charts} stats=${stats.data} />
      <div class="columns">
        <${Failures} of=${failures} />
        ${can('ops') && html`<${Parts} />`}
      </div>
      ${can('ops') && html`<${Replicas} />`}
    <//>`;
}

const Windows = ({ chosen, onChoose }) => html`
  <div class="segments" role="group" aria-label="Time span">
    ${windows.map(([name, label]) => html`<button key=${name} type="button" aria-pressed=${String(name === chosen)} onClick=${() => onChoose(name)}>${label}</button>`)}
  </div>`;

function Tiles({ queues, stats }) {
  const sum = (name) => queues && queues.reduce((total, queue) => total + queue[name], 0);
  const total = (name) => stats && stats.points.reduce((all, point) => all + point[name], 0);
  const oldest = queues && Math.max(0, ...queues.map((queue) => queue.oldestQueuedSeconds ?? 0));
  const paused = queues?.filter((queue) => queue.paused).length;
  return html`
    <dl class="tiles">
      <${Tile} label="Queued" value=${sum('queued')} href="#/jobs?state=queued" note=${oldest > 1 ? `oldest ${duration(oldest)}` : paused ? `${plural(paused, 'queue')} paused` : 'nothing waits long'} />
      <${Tile} label="Running" value=${sum('running')} href="#/jobs?state=running" note=${queues ? plural(queues.length, 'queue') : ''} />
      <${Tile} label="Scheduled" value=${sum('scheduled')} href="#/jobs?state=scheduled" note="later, or to be retried" />
      <${Tile} label="Succeeded" value=${total('succeeded')} href="#/jobs?state=succeeded" note=${stats ? `in ${stats.window}` : ''} />
      <${Tile} label="Failed" value=${total('failed')} href="#/jobs?state=failed" tone=${total('failed') > 0 ? 'bad' : undefined} note=${stats ? `in ${stats.window}` : ''} />
    </dl>`;
}

const Tile = ({ label, value, href, note, tone }) => html`
  <div class="tile" data-tone=${tone}><dt><a href=${href}>${label}</a></dt><dd class="number">${value === undefined ? '–' : count(value)}</dd><dd class="tile-note">${note || '\u00a0'}</dd></div>`;

const depth = [{ name: 'queued', label: 'Queued', tone: 'queued' }, { name: 'running', label: 'Running', tone: 'running' }];
const finished = [
  { name: 'succeeded', label: 'Succeeded', tone: 'succeeded', isBar: true },
  { name: 'cancelled', label: 'Cancelled', tone: 'cancelled', isBar: true },
  { name: 'submitted', label: 'Submitted', tone: 'text' },
];
const times = [
  { name: 'waitP50', label: 'Wait p50', tone: 'queued' },
  { name: 'waitP99', label: 'Wait p99', tone: 'queued-far' },
  { name: 'runP50', label: 'Run p50', tone: 'running' },
  { name: 'runP99', label: 'Run p99', tone: 'running-far' },
];
const failed = [{ name: 'failed', label: 'Failed', tone: 'failed', isBar: true }];

function Charts({ stats }) {
  const points = stats?.points ?? [];
  const note = stats && `per ${duration(stats.stepSeconds)}`;
  return html`
    <div class="charts">
      <${Chart} title="Queue depth" points=${points} series=${depth} format=${count} note="highest" />
      <${Chart} title="Throughput" points=${points} series=${finished} format=${count} note=${note} />
      <${Chart} title="Latency" points=${points} series=${times} format=${duration} note="wait and run" />
      <${Chart} title="Failures" points=${points} series=${failed} format=${count} note=${note} />
    </div>`;
}

const Failures = ({ of }) => html`
  <section class="card">
    <header><h2>Latest failures</h2><a href="#/jobs?state=failed">All</a></header>
    <${Loaded} of=${of} rows=${5}>
      ${({ items }) => items.length === 0
        ? html`<${Empty} title="Nothing has failed">Jobs that end with an error show here.<//>`
        : html`<ul class="lines">${items.map((job) => html`
            <li key=${job.id}><a data-row href=${`#/jobs/${job.id}`}>${job.type}</a><span class="clip muted">${job.error?.message}</span><${When} at=${job.finishedAt} /></li>`)}</ul>`}
    <//>
  </section>`;

function Parts() {
  const health = useLoad((signal) => get('/health', undefined, signal).catch(alsoUnhealthy), []);
  const history = useLoad((signal) => get('/health/history', { limit: 4 }, signal), []);
  useEvery(15_000, health.reload);
  return html`
    <section class="card">
      <header><h2>Health</h2>${health.data && html`<p class="muted">version ${health.data.version}, up <${Elapsed} from=${Date.now() - health.data.uptimeSeconds * 1000} /></p>`}</header>
      <${Loaded} of=${health} rows=${3}>
        ${({ services }) => html`<ul class="lines">${Object.entries(services ?? {}).map(([name, part]) => html`
          <li key=${name}><span class="part" data-health=${part.status}><i></i>${name}</span>
            <span class="clip muted">${[part.status, part.detail, part.capacity !== undefined && `${part.active} of ${part.capacity} busy`].filter(Boolean).join(', ')}</span>
            <span class="number muted">${duration(part.latencyMs / 1000)}</span></li>`)}</ul>`}
      <//>
      ${history.data?.items.length > 0 && html`
        <h3>Changes</h3>
        <ul class="lines">${history.data.items.map((change) => html`
          <li key=${change.at + change.part}><span class="part" data-health=${change.to}><i></i>${change.part}</span>
            <span class="clip muted">${change.from} → ${change.to}${change.detail ? `: ${change.detail}` : ''}</span><${When} at=${change.at} /></li>`)}</ul>`}
    </section>`;
}

// An unhealthy service says so with 503 and the same parts.
function alsoUnhealthy(problem) {
  if (problem.body?.services) return problem.body;
  throw problem;
}

const replica = [
  { label: 'Name', cell: (one) => html`${one.name}${one.draining && html` <span class="tag">draining</span>`}` },
  { label: 'Version', cell: (one) => one.version },
  { label: 'Busy', isNumber: true, cell: (one) => `${one.active} / ${one.capacity}` },
  { label: 'Up since', cell: (one) => html`<${When} at=${one.startedAt} />` },
  { label: 'Seen', cell: (one) => html`<${When} at=${one.lastSeenAt} />` },
];

function Replicas() {
  const workers = useLoad((signal) => get('/workers', undefined, signal), []);
  useEvery(10_000, workers.reload);
  return html`
    <section class="card">
      <header><h2>Replicas</h2></header>
      <${Loaded} of=${workers} rows=${2}>
        ${({ items }) => items.length === 0
          ? html`<${Empty} title="No replica is alive">Start one: jobs wait until then.<//>`
          : html`<${Table} label="Replicas" columns=${replica} rows=${items} keyOf=${(one) => one.name} />`}
      <//>
    </section>`;
}
