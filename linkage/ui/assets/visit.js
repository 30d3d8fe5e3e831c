// Goes to another page of the application as a link would: one entry in the browser's history, so that one step back
// leads to the page as it was, filters included. The framework follows the browser's own event.

const done = new WeakSet();

export default function ({ parentElement, data }) {
  if (done.has(parentElement)) return;
  done.add(parentElement);
  window.history.pushState({}, "", data.to);
  window.dispatchEvent(new PopStateEvent("popstate"));
}
