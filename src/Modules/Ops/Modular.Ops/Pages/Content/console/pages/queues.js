import { html, useState } from '../core/html.js';
import { get, post, put } from '../core/api.js';
import { count, duration } from '../core/format.js';
import { useLive } from '../core/live.js';
import { useLoad } from '../core/load.js';
import { can } from '../core/session.js';
import { attempt } from '../parts/notes.js';
import { Dialog } from '../parts/dialog.js';
import { Field } from '../parts/field.js';
import { Empty, Loaded, Page } from '../parts/page.js';
import { Table } from '../parts/table.js';

export function Queues() {
  const queues = useLoad((signal) => get('/queues', undefined, signal), []);
  const [limited, setLimited] = useState();
  useLive((news) => queues.change((data) => data && { ...data, items: news.queues }));

  const turn = async (queue) => {
    const verb = queue.paused ? 'resume' : 'pause';
    await attempt(() => post(`/queues/${queue.name}/${verb}`), `Queue ${queue.name} is ${queue.paused ? 'on again' : 'paused'}.`);
    queues.reload();
  };

  const columns = [
    { label: 'Queue', cell: (queue) => html`<a data-row href=${`#/jobs?queue=${queue.name}`}>${queue.name}</a>${queue.paused && html` <span class="tag" data-tone="queued">paused</span>`}` },
    { label: 'Queued', isNumber: true, cell: (queue) => count(queue.queued) },
    { label: 'Running', isNumber: true, cell: (queue) => count(queue.running) },
    { label: 'Scheduled', isNumber: true, cell: (queue) => count(queue.scheduled) },
    { label: 'Oldest waits', isNumber: true, cell: (queue) => (queue.oldestQueuedSeconds == null ? '–' : duration(queue.oldestQueuedSeconds)) },
    { label: 'At once', isNumber: true, cell: (queue) => queue.concurrency ?? 'no limit' },
    ...(can('ops') ? [{
      cell: (queue) => html`
        <button type="button" class="small" onClick=${() => setLimited(queue)}>Limit<span class="unseen"> ${queue.name}</span></button>
        <button type="button" class="small" onClick=${() => turn(queue)}>${queue.paused ? 'Resume' : 'Pause'}<span class="unseen"> ${queue.name}</span></button>`,
    }] : []),
  ];

  return html`
    <${Page} title="Queues" sub="A paused queue takes jobs, but none of them starts.">
      <${Loaded} of=${queues}>
        ${({ items }) => items.length === 0
          ? html`<${Empty} title="There is no queue yet">The first job of a queue makes it. <a href="#/new">Submit a job</a>.<//>`
          : html`<${Table} label="Queues" columns=${columns} rows=${items} keyOf=${(queue) => queue.name} />`}
      <//>
      ${limited && html`<${Limit} queue=${limited} onClose=${() => setLimited(undefined)} onDone=${queues.reload} />`}
    <//>`;
}

function Limit({ queue, onClose, onDone }) {
  const [text, setText] = useState(queue.concurrency ?? '');
  const [problem, setProblem] = useState();
  const save = async (event) => {
    event.preventDefault();
    try {
      await put(`/queues/${queue.name}`, { concurrency: text === '' ? null : Number(text) });
      onDone();
      onClose();
    } catch (fault) {
      setProblem(fault);
    }
  };
  return html`
    <${Dialog} title=${`Limit of ${queue.name}`} onClose=${onClose}>
      <form onSubmit=${save}>
        <${Field} label="Jobs at once, over all replicas" hint="Leave it empty for no limit." error=${problem && (problem.errors.concurrency?.[0] ?? problem.message)}>
          ${(ties) => html`<input ...${ties} type="number" min="1" value=${text} onInput=${(event) => setText(event.target.value)} autofocus />`}
        <//>
        <footer class="sheet-foot"><button type="button" onClick=${onClose}>Keep as it is</button><button class="primary">Save</button></footer>
      </form>
    <//>`;
}
