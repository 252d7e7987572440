import { html, useEffect, useRef, useState } from '../core/html.js';
import { clock, exact } from '../core/format.js';

const height = 132;
const room = { top: 8, right: 8, bottom: 20, left: 54 };

/**
 * A small chart over time, drawn as SVG.
 * @param {{title: string, points: {at: string}[], series: {name: string, label: string, tone: string, isBar?: boolean}[], format: (value: number) => string, unit?: string}} props
 *   bars are stacked, lines are not; a null is a gap
 */
export function Chart({ title, points, series, format, note }) {
  const frame = useRef();
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);

  const bars = series.filter((one) => one.isBar);
  const lines = series.filter((one) => !one.isBar);
  const tops = points.map((point) => Math.max(bars.reduce((sum, one) => sum + (point[one.name] ?? 0), 0), ...lines.map((one) => point[one.name] ?? 0)));
  const top = roundUp(Math.max(...tops));
  const inner = { width: Math.max(width - room.left - room.right, 1), height: height - room.top - room.bottom };
  const step = inner.width / Math.max(points.length, 1);
  const x = (index) => room.left + (index + 0.5) * step;
  const y = (value) => room.top + inner.height * (1 - value / top);
  const shown = points[at ?? points.length - 1];

  const point = (event) => {
    const box = frame.current.getBoundingClientRect();
    const index = Math.floor((event.clientX - box.left - room.left) / step);
    setAt(index >= 0 && index < points.length ? index : null);
  };
  const walk = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    setAt(Math.min(Math.max((at ?? points.length - 1) + by, 0), points.length - 1));
  };

  return html`
    <section class="chart card">
      <header><h2>${title}</h2><p class="muted">${at === null ? note : html`<time datetime=${shown.at} title=${exact(shown.at)}>${clock(shown.at)}</time>`}</p></header>
      <dl class="legend">
        ${series.map((one) => html`
          <div key=${one.name}><dt><i data-tone=${one.tone}></i>${one.label}</dt><dd class="number">${shown?.[one.name] == null ? '–' : format(shown[one.name])}</dd></div>`)}
      </dl>
      <div ref=${frame} class="chart-frame" style=${{ height: `${height}px` }} tabindex="0" role="img"
        aria-label=${`${title}: ${series.map((one) => `${one.label} ${shown?.[one.name] == null ? 'none' : format(shown[one.name])}`).join(', ')}. The arrow keys walk through time.`}
        onPointerMove=${point} onPointerLeave=${() => setAt(null)} onKeyDown=${walk} onBlur=${() => setAt(null)}>
        ${width > 0 && html`
          <svg width=${width} height=${height} aria-hidden="true">
            ${[0, 0.5, 1].map((part) => html`
              <g key=${part} class="axis"><line x1=${room.left} x2=${width - room.right} y1=${y(top * part)} y2=${y(top * part)} />
                <text x=${room.left - 6} y=${y(top * part) + 4} text-anchor="end">${format(top * part)}</text></g>`)}
            ${[0, Math.floor(points.length / 2), points.length - 1].filter((index) => index >= 0).map((index, place) => html`
              <text key=${place} class="axis-time" x=${[room.left, x(index), width - room.right][place]} y=${height - 4} text-anchor=${['start', 'middle', 'end'][place]}>${points[index] && clock(points[index].at)}</text>`)}
            ${points.map((one, index) => stack(bars, one).map(({ tone, from, to }) => html`
              <rect key=${`${index}${tone}`} data-tone=${tone} x=${x(index) - step * 0.36} width=${Math.max(step * 0.72, 1)} y=${y(to)} height=${Math.max(y(from) - y(to), 0)} />`))}
            ${lines.map((line) => points.map((one, index) => isLone(points, index, line.name) && html`<circle key=${`${line.name}${index}`} data-tone=${line.tone} cx=${x(index)} cy=${y(one[line.name])} r="2.25" />`))}
            ${lines.map((line) => html`<path key=${line.name} data-tone=${line.tone} d=${pathOf(points, line.name, x, y)} />`)}
            ${at !== null && html`<line class="cursor" x1=${x(at)} x2=${x(at)} y1=${room.top} y2=${height - room.bottom} />`}
          </svg>`}
      </div>
    </section>`;
}

function stack(bars, point) {
  let from = 0;
  return bars.filter((bar) => point[bar.name] > 0).map((bar) => {
    const part = { tone: bar.tone, from, to: from + point[bar.name] };
    from = part.to;
    return part;
  });
}

const isGap = (points, index, name) => points[index]?.[name] == null;

// Between two gaps a line would have no length.
const isLone = (points, index, name) => !isGap(points, index, name) && isGap(points, index - 1, name) && isGap(points, index + 1, name);

const pathOf = (points, name, x, y) => points.map((point, index) => (
  isGap(points, index, name) ? '' : `${isGap(points, index - 1, name) ? 'M' : 'L'}${x(index).toFixed(1)} ${y(point[name]).toFixed(1)}`)).join('');

/** The next 1, 2 or 5 with zeros, so that the middle of the axis is a round number too. */
function roundUp(value) {
  if (!(value > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * size).find((step) => step >= value * 0.999);
}
