// Follows the links of the menu and of pages in one step of the browser's history, so that Back leads to the page as it
// was left. The framework would put an entry without the filters of that page in between.

const LINKS = "a[data-testid=stTopNavLink], a[data-testid=stTopNavDropdownLink], a[data-testid=stPageLink-NavLink]";

function follow(event) {
  const link = event.target.closest?.(LINKS);
  // Whoever asks for another tab or window gets it.
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  // The link to the first page is empty.
  window.history.pushState({}, "", new URL(link.getAttribute("href") || ".", document.baseURI));
  window.dispatchEvent(new PopStateEvent("popstate"));
  // What a menu opened closes as it does for the keyboard.
  link.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", code: "Escape", bubbles: true }));
}

export default function () {
  if (window.linkageFollows) return;
  window.linkageFollows = true;
  document.addEventListener("click", follow, true);
}
