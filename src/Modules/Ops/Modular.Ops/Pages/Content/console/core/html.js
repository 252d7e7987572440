// The one place that knows the vendored libraries: everything else imports from here.
import { h } from '../../vendor/preact-11.2.0.mjs';
import htm from '../../vendor/htm-3.1.1.mjs';

export { render } from '../../vendor/preact-11.2.0.mjs';
export { useState, useEffect, useLayoutEffect, useRef, useCallback, useId } from '../../vendor/preact-hooks-11.2.0.mjs';

export const html = htm.bind(h);
