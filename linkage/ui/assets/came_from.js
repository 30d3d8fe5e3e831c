// Leads whoever signs in to the address that they came with. Over the sign-in this tab of the browser keeps it, for this
// site alone, and once: it is opaque ids and names of views.

const ADDRESS = "linkage.came-from";
const done = new WeakSet();

export default function ({ parentElement, data }) {
  if (done.has(parentElement)) return;
  done.add(parentElement);
  const here = window.location.pathname + window.location.search;
  if (!data.inside) {
    sessionStorage.setItem(ADDRESS, here);
    return;
  }
  const there = sessionStorage.getItem(ADDRESS);
  sessionStorage.removeItem(ADDRESS);
  // From the first page only, to which the provider leads: whoever went elsewhere meanwhile wants to be there.
  if (there === null || there === here || !here.endsWith("/")) return;
  window.history.replaceState({}, "", there);
  window.dispatchEvent(new PopStateEvent("popstate"));
}
