import { html, useState } from '../core/html.js';
import { get } from '../core/api.js';
import { useLoad } from '../core/load.js';
import { Empty, Loaded, Page, Pager } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { When } from '../parts/time.js';

const columns = [
  { label: 'When', cell: (entry) => html`<${When} at=${entry.at} />` },
  { label: 'Who', cell: (entry) => entry.actor },
  { label: 'Did', cell: (entry) => html`<code>${entry.action}</code>` },
  { label: 'To', cell: (entry) => html`<span class="key">${entry.target ?? '–'}</span>` },
  { label: 'Detail', cell: (entry) => entry.detail ?? '–' },
  { label: 'From', cell: (entry) => entry.clientIp ?? '–' },
];

export function Audit() {
  const [cursor, setCursor] = useState();
  const entries = useLoad((signal) => get('/audit', { cursor, limit: 50 }, signal), [cursor]);
  return html`
    <${Page} title="Audit" sub="What operators did, newest first.">
      <${Loaded} of=${entries}>
        ${({ items, nextCursor }) => items.length === 0
          ? html`<${Empty} title="Nobody has changed anything yet">Keys, queues and the log level leave a trace here.<//>`
          : html`
            <${Table} label="Audit trail" columns=${columns} rows=${items} keyOf=${(_, row) => row} />
            <${Pager} hasNewer=${cursor} nextCursor=${nextCursor} onNewest=${() => setCursor(undefined)} onOlder=${() => setCursor(nextCursor)} />`}
      <//>
    <//>`;
}
