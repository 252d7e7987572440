import { html, useLayoutEffect, useRef, useState } from '../core/html.js';
import { root } from '../core/api.js';
import { exact } from '../core/format.js';

const clock = (at) => new Date(at).toLocaleTimeString('en-GB', { hour12: false });

/** The end of the log; it follows along until somebody scrolls up. */
export function LogTail({ id, lines, hasEnded }) {
  const box = useRef();
  const [isFollowing, setFollowing] = useState(true);
  useLayoutEffect(() => {
    if (isFollowing && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, isFollowing]);
  const onScroll = ({ target }) => setFollowing(target.scrollHeight - target.scrollTop - target.clientHeight < 24);
  return html`
    <section class="card">
      <header><h2>Log</h2>${lines.length > 0 && html`<a href=${`${root}/jobs/${id}/logs?limit=1000`}>As JSON</a>`}</header>
      ${lines.length === 0 ? html`<p class="muted quiet">${hasEnded ? 'It wrote no line.' : 'No line was written yet.'}</p>` : html`
        <div ref=${box} class="log" tabindex="0" role="log" aria-label="Log" onScroll=${onScroll}><ol>
          ${lines.map((line) => html`<li key=${line.id} data-level=${line.level}><time datetime=${line.at} title=${exact(line.at)}>${clock(line.at)}</time><span class="level">${line.level}</span><span>${line.message}</span></li>`)}
        </ol></div>`}
    </section>`;
}
