// Runs before the reference and fits it to the page's policy, which takes no inline styles.
const nonce = document.querySelector('meta[property=csp-nonce]').content;
const { createElement } = Document.prototype;
const { setAttribute } = Element.prototype;
const innerHTML = Object.getOwnPropertyDescriptor(Element.prototype, 'innerHTML');

// Style elements need the page's nonce, which the reference does not give them.
Document.prototype.createElement = function (name, options) {
  const element = createElement.call(this, name, options);
  if (element instanceof HTMLStyleElement) {
    element.nonce = nonce;
  }
  return element;
};

// A style attribute is refused; the same declarations by way of the object model are not.
const setStyle = (element, declarations) => {
  element.style.cssText = declarations;
};

Element.prototype.setAttribute = function (name, value) {
  if (name === 'style') {
    setStyle(this, value);
  } else {
    setAttribute.call(this, name, value);
  }
};

Object.defineProperty(Element.prototype, 'innerHTML', {
  ...innerHTML,
  set(value) {
    // Inside tags only: text has its angle brackets escaped. Not only strings are assigned; null means none.
    const html = String(value ?? '');
    innerHTML.set.call(this, html.replace(/(<[^<>]*) style=/g, '$1 data-declarations='));
    for (const element of this.querySelectorAll('[data-declarations]')) {
      setStyle(element, element.dataset.declarations);
    }
  },
});

// Its validation library would first try whether it may compile code; it may not.
globalThis.__zod_globalConfig = { jitless: true };
