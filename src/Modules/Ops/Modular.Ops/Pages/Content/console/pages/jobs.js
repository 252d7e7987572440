import { html, useEffect, useRef, useState } from '../core/html.js';
import { get } from '../core/api.js';
import { isEmpty, readFilter, readSearch } from '../core/job-filter.js';
import { useLive } from '../core/live.js';
import { useLoad, usePaced } from '../core/load.js';
import { go, route, setQuery } from '../core/router.js';
import { can } from '../core/session.js';
import { useShortcuts } from '../core/shortcuts.js';
import { useStore } from '../core/store.js';
import { Bulk, bulkActions } from '../parts/bulk.js';
import { Empty, Loaded, Page, Pager } from '../parts/page.js';
import { Progress, State, states } from '../parts/state.js';
import { Elapsed, When } from '../parts/time.js';

const pageSize = 50;

const isWide = matchMedia('(width >= 60rem)');

export function Jobs() {
  const { query } = useStore(route);
  const filter = readFilter(query);
  const cursor = query.get('cursor') ?? undefined;
  const [bulk, setBulk] = useState();
  const [hasNews, setNews] = useState(false);
  const jobs = useLoad((signal) => get('/jobs', { ...filter, cursor, limit: pageSize }, signal), [filter, cursor]);
  const types = useLoad((signal) => get('/job-types', undefined, signal), []);
  const [queues, setQueues] = useState([]);
  const list = useRef();

  const reload = () => {
    setNews(false);
    jobs.reload();
  };
  // New rows push the others down: not under the hand of somebody who reads or is about to click.
  const isInUse = () => cursor || list.current?.matches(':hover') || list.current?.contains(document.activeElement) || scrollY > 80;
  const paced = usePaced(() => (isInUse() ? setNews(true) : reload()));
  useLive((news) => {
    setQueues(news.queues);
    const byId = new Map(news.jobs.map((job) => [job.id, job.state]));
    jobs.change((data) => data && { ...data, items: data.items.map((job) => (byId.has(job.id) ? { ...job, state: byId.get(job.id) } : job)) });
    if (!news.isFirst) paced();
  });
  useShortcuts({
    r: () => can('jobs:write') && setBulk('retry'),
    c: () => can('jobs:write') && setBulk('cancel'),
    ']': () => jobs.data?.nextCursor && setQuery({ cursor: jobs.data.nextCursor }),
    '[': () => setQuery({ cursor: undefined }),
  });

  const known = { types: types.data?.items.map((type) => type.type) ?? [], queues: queues.map((queue) => queue.name) };
  return html`
    <${Page} title="Jobs" actions=${can('jobs:write') && Object.entries(bulkActions).map(([name, { label }]) => html`
        <button key=${name} type="button" onClick=${() => setBulk(name)}>${label} all…</button>`)}>
      <${Filters} filter=${filter} known=${known} isSearching=${query.has('search')} />
      <div class="news-place">${hasNews && html`<button type="button" class="news" onClick=${cursor ? () => setQuery({ cursor: undefined }) : reload}>There are changes: show them</button>`}</div>
      <div ref=${list}>
        <${Loaded} of=${jobs} rows=${12}>
          ${({ items, nextCursor }) => items.length === 0
            ? html`<${Nothing} filter=${filter} />`
            : html`<${Table} items=${items} />
              <${Pager} hasNewer=${cursor} nextCursor=${nextCursor} onNewest=${() => setQuery({ cursor: undefined })} onOlder=${() => {
                setQuery({ cursor: nextCursor });
                scrollTo(0, 0);
              }} />`}
        <//>
      </div>
      ${bulk && html`<${Bulk} action=${bulk} filter=${filter} onClose=${() => setBulk(undefined)} onDone=${reload} />`}
    <//>`;
}

const Nothing = ({ filter }) => isEmpty(filter)
  ? html`<${Empty} title="There is no job yet">${can('jobs:write') ? html`<a href="#/new">Submit the first one</a>, or send it to <code>POST /api/v1/jobs</code>.` : 'Jobs show here as soon as one is submitted.'}<//>`
  : html`<${Empty} title="No job matches"><a href="#/jobs">Show all jobs</a>, or widen the filter above.<//>`;

function Filters({ filter, known, isSearching }) {
  const search = useRef();
  useEffect(() => {
    if (isSearching) search.current.focus();
  }, [isSearching]);
  const set = (changes) => setQuery({ ...changes, cursor: undefined, search: undefined });
  const find = (event) => {
    event.preventDefault();
    const found = readSearch(search.current.value, known);
    search.current.value = '';
    if (found.id) go(`/jobs/${found.id}`);
    else set(found.changes);
  };
  const toggle = (state) => set({ state: filter.state.includes(state) ? filter.state.filter((other) => other !== state) : [...filter.state, state] });

  return html`
    <div class="filters">
      <form role="search" onSubmit=${find}>
        <input ref=${search} data-search type="search" aria-label="Find jobs by id, state, type, queue or tag" placeholder="Job id, tag, queue:name, type:name…  /" spellcheck="false" autocapitalize="off" />
      </form>
      <div class="segments states" role="group" aria-label="States">
        ${states.map((state) => html`<button key=${state} type="button" aria-pressed=${String(filter.state.includes(state))} onClick=${() => toggle(state)}><${State} state=${state} /></button>`)}
      </div>
      <details class="more" open=${isWide.matches || Boolean(filter.type ?? filter.queue ?? filter.tag ?? filter.createdAfter ?? filter.createdBefore)}><summary>Type, queue, tag, time</summary><div class="filter-fields">
        <${Pick} label="Type" value=${filter.type} options=${known.types} onPick=${(type) => set({ type })} />
        <${Pick} label="Queue" value=${filter.queue} options=${known.queues} onPick=${(queue) => set({ queue })} />
        <label>Tag <input value=${filter.tag ?? ''} onChange=${(event) => set({ tag: event.target.value })} spellcheck="false" autocapitalize="off" /></label>
        <label>From <input type="datetime-local" value=${toLocal(filter.createdAfter)} onChange=${(event) => set({ createdAfter: toUtc(event.target.value) })} /></label>
        <label>Until <input type="datetime-local" value=${toLocal(filter.createdBefore)} onChange=${(event) => set({ createdBefore: toUtc(event.target.value) })} /></label>
        ${!isEmpty(filter) && html`<a href="#/jobs">Clear</a>`}
      </div></details>
    </div>`;
}

const Pick = ({ label, value = '', options, onPick }) => html`
  <label>${label} <select value=${value} onChange=${(event) => onPick(event.target.value)}>
    <option value="">all</option>${[...new Set([...options, value])].filter(Boolean).sort().map((option) => html`<option key=${option} value=${option}>${option}</option>`)}
  </select></label>`;

const toUtc = (local) => local && new Date(local).toISOString();

const toLocal = (time) => time && new Date(new Date(time) - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

const Table = ({ items }) => html`
  <table class="jobs">
    <thead><tr><th>State</th><th>Job</th><th>What happens</th><th>Queue</th><th class="number">Attempt</th><th>Submitted</th><th class="number">Took</th></tr></thead>
    <tbody>${items.map((job) => html`<${Row} key=${job.id} job=${job} />`)}</tbody>
  </table>`;

const Row = ({ job }) => html`
  <tr>
    <td class="cell-state"><${State} state=${job.state} /></td>
    <td class="cell-job"><a data-row href=${`#/jobs/${job.id}`} title=${job.id}>${job.type}</a> <span class="short-id">${job.id.slice(-6)}</span></td>
    <td class="cell-what"><${What} job=${job} /></td>
    <td class="cell-queue"><a href=${`#/jobs?queue=${job.queue}`}>${job.queue}</a>${job.priority !== 0 && html` <span class="tag" title="priority">${job.priority > 0 ? '+' : ''}${job.priority}</span>`}</td>
    <td class="number cell-attempt">${job.attempt} / ${job.maxAttempts}</td>
    <td class="cell-time"><${When} at=${job.createdAt} /></td>
    <td class="number cell-took">${job.startedAt ? html`<${Elapsed} from=${job.startedAt} to=${job.finishedAt ?? (job.state === 'running' ? undefined : job.startedAt)} />` : '–'}</td>
  </tr>`;

function What({ job }) {
  if (job.state === 'running' && job.progress) {
    return html`<span class="with-progress"><${Progress} percent=${job.progress.percent} label=${`Progress of ${job.type}`} /><span class="number">${Math.round(job.progress.percent)}%</span> <span class="clip muted">${job.progress.message}</span></span>`;
  }
  return html`<span class="tags">
    ${job.cancelRequestedAt && job.state === 'running' && html`<span class="tag">cancel asked</span>`}
    ${job.state !== 'succeeded' && job.error && html`<span class="clip" title=${job.error.message}>${job.error.message}</span>`}
    ${job.state === 'scheduled' && html`<span class="muted">due <${When} at=${job.runAt} /></span>`}
    ${job.tags.map((tag) => html`<a key=${tag} class="tag" href=${`#/jobs?tag=${encodeURIComponent(tag)}`}>${tag}</a>`)}
  </span>`;
}
