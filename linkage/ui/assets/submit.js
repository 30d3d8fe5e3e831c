// Ctrl+Enter belongs to the form, also where a choice has the focus: there, Enter would undo the choice that was just
// made. The event is taken from the choice and given to the page, whose button listens for it.

export default function () {
  const hand = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.closest?.("button")) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    event.target.blur();
    const { key, code, ctrlKey, metaKey } = event;
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, code, ctrlKey, metaKey, bubbles: true }));
  };
  document.addEventListener("keydown", hand, { capture: true });
  return () => document.removeEventListener("keydown", hand, { capture: true });
}
