// Streamlit calls what a component exports on every run and on every change of theme, always with the same
// parentElement for the same element of the page. So one view is kept for each, and each call hands it the difference.

const views = new WeakMap();

// What a component exports: `made` makes the view of an element, `given` hands it the rest of a call.
function viewed(made, given = () => {}) {
  return (call) => {
    const { parentElement, data } = call;
    let view = views.get(parentElement);
    if (!view) {
      view = made(parentElement);
      views.set(parentElement, view);
    }
    given(view, call);
    view.show(data);
    return () => {
      // Also called when a newer run overtakes this one, while the element stays on the page.
      setTimeout(() => {
        const host = parentElement.host ?? parentElement;
        if (!host.isConnected) {
          view.leave();
          views.delete(parentElement);
        }
      }, 0);
    };
  };
}
