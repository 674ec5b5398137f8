// Who answers on the search page: Pagefind over http. A page opened as a file may not read its
// neighbours, so there the theme's own search does.
{
  const { pagefind, themeSearch } = document.currentScript.dataset;
  if (location.protocol === "file:") {
    for (const source of themeSearch.split(" ")) {
      const script = document.createElement("script");
      script.src = source;
      script.async = false;
      document.body.append(script);
    }
  } else {
    import(new URL(pagefind, document.baseURI)).then((module) => module.start());
  }
}
