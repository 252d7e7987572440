import { html, useState } from '../core/html.js';
import { get, keyPath, post, remove, root } from '../core/api.js';
import { bytes } from '../core/format.js';
import { useLoad } from '../core/load.js';
import { route, setQuery } from '../core/router.js';
import { can } from '../core/session.js';
import { useStore } from '../core/store.js';
import { Confirm, Dialog } from '../parts/dialog.js';
import { attempt } from '../parts/notes.js';
import { Copy, Empty, Loaded, Page, Pager } from '../parts/page.js';
import { Table } from '../parts/table.js';
import { When } from '../parts/time.js';
import { Uploads } from '../parts/uploads.js';

const linkSeconds = 3600;

export function Objects() {
  const { query } = useStore(route);
  const prefix = query.get('prefix') ?? '';
  const cursor = query.get('cursor') ?? undefined;
  const [removed, setRemoved] = useState();
  const [link, setLink] = useState();
  const objects = useLoad((signal) => get('/objects', { prefix, delimiter: '/', cursor }, signal), [prefix, cursor]);

  const removeIt = async () => {
    await attempt(() => remove(`/objects/${keyPath(removed.key)}`), `${removed.key} is deleted.`);
    setRemoved(undefined);
    objects.reload();
  };
  const makeLink = async (key) => setLink(await attempt(() => post('/objects/links', { key, expiresSeconds: linkSeconds })));

  const below = (key) => key.slice(folderOf(prefix).length);
  const of = (cell) => (row) => (row.folder ? '' : cell(row));
  const columns = [
    { label: 'Key', cell: (row) => (row.folder
      ? html`<a class="key" data-row href=${`#/objects?prefix=${encodeURIComponent(row.folder)}`}>${below(row.folder)}</a>`
      : html`<a class="key" data-row href=${`${root}/objects/${keyPath(row.key)}`} download title=${`SHA-256 ${row.sha256}`}>${below(row.key)}</a>`) },
    { label: 'Size', isNumber: true, cell: of((row) => bytes(row.size)) },
    { label: 'Type', cell: of((row) => html`<span class="muted">${row.contentType}</span>`) },
    { label: 'Stored', cell: of((row) => html`<${When} at=${row.createdAt} />`) },
    { label: 'Expires', cell: of((row) => (row.expiresAt ? html`<${When} at=${row.expiresAt} />` : 'never')) },
    { cell: of((row) => html`
      <button type="button" class="small" onClick=${() => makeLink(row.key)}>Link<span class="unseen"> to ${row.key}</span></button>
      ${can('objects:write') && html`<button type="button" class="small" onClick=${() => setRemoved(row)}>Delete<span class="unseen"> ${row.key}</span></button>`}`) },
  ];

  return html`
    <${Page} title="Objects" sub="Files that jobs read and write.">
      <${Path} prefix=${prefix} />
      ${can('objects:write') && html`<${Uploads} key=${prefix} prefix=${folderOf(prefix)} onStored=${objects.reload} />`}
      <${Loaded} of=${objects}>
        ${({ items, prefixes, nextCursor }) => items.length + prefixes.length === 0
          ? html`<${Empty} title=${prefix ? 'No key starts like this' : 'There is no object yet'}>${prefix ? html`<a href="#/objects">Show all of them</a>.` : 'Drop a file above, or let a job write one.'}<//>`
          : html`
            <${Table} label="Objects" columns=${columns} rows=${[...prefixes.map((folder) => ({ folder })), ...items]} keyOf=${(row) => row.folder ?? `=${row.key}`} />
            <${Pager} labels=${['First', 'Next']} hasNewer=${cursor} nextCursor=${nextCursor} onNewest=${() => setQuery({ cursor: undefined })} onOlder=${() => setQuery({ cursor: nextCursor })} />`}
      <//>
      ${removed && html`<${Confirm} title="Delete this object?" action="Delete it" onConfirm=${removeIt} onClose=${() => setRemoved(undefined)}>
        <p><code>${removed.key}</code>, ${bytes(removed.size)}, is gone for good; jobs that still want to read it will fail.</p><//>`}
      ${link && html`<${Dialog} title="A link that needs no key" onClose=${() => setLink(undefined)}>
        <p>Whoever has it can download this object. It ends <${When} at=${link.expiresAt} />.</p><p class="secret"><code>${link.url}</code><${Copy} text=${link.url} /></p><//>`}
    <//>`;
}

const folderOf = (prefix) => prefix.slice(0, prefix.lastIndexOf('/') + 1);

/** The prefix, to step up by its parts or to type. */
function Path({ prefix }) {
  const steps = prefix.split('/').slice(0, -1);
  return html`
    <form class="path" onSubmit=${(event) => event.preventDefault()} role="search">
      <nav aria-label="Folders"><a href="#/objects">all</a>${steps.map((step, index) => html`<span key=${index}> / <a href=${`#/objects?prefix=${encodeURIComponent(`${steps.slice(0, index + 1).join('/')}/`)}`}>${step}</a></span>`)}</nav>
      <input data-search type="search" aria-label="Keys that start with" placeholder="keys that start with…" value=${prefix} onChange=${(event) => setQuery({ prefix: event.target.value, cursor: undefined })} />
    </form>`;
}
