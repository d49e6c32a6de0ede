// Before the first paint: the theme that was chosen, where one was.
document.documentElement.dataset.theme = localStorage.getItem("attnviz-theme") ?? "";
