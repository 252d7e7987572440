import { html, useState } from '../core/html.js';
import { get } from '../core/api.js';
import { useLoad } from '../core/load.js';
import { Empty, Loaded, Page, Pager } from '../parts/page.js';
import { When } from '../parts/time.js';

export function Audit() {
  const [cursor, setCursor] = useState();
  const entries = useLoad((signal) => get('/audit', { cursor, limit: 50 }, signal), [cursor]);
  return html`
    <${Page} title="Audit" sub="What operators did, newest first.">
      <${Loaded} of=${entries}>
        ${({ items, nextCursor }) => items.length === 0
          ? html`<${Empty} title="Nobody has changed anything yet">Keys, queues and the log level leave a trace here.<//>`
          : html`
            <div class="scroll" tabindex="0" role="region" aria-label="Audit trail"><table>
              <thead><tr><th>When</th><th>Who</th><th>Did</th><th>To</th><th>Detail</th><th>From</th></tr></thead>
              <tbody>${items.map((entry, row) => html`
                <tr key=${row}><td><${When} at=${entry.at} /></td><td>${entry.actor}</td><td><code>${entry.action}</code></td><td class="key">${entry.target ?? '–'}</td><td>${entry.detail ?? '–'}</td><td class="number-left">${entry.clientIp ?? '–'}</td></tr>`)}</tbody>
            </table></div>
            <${Pager} hasNewer=${cursor} nextCursor=${nextCursor} onNewest=${() => setCursor(undefined)} onOlder=${() => setCursor(nextCursor)} />`}
      <//>
    <//>`;
}
