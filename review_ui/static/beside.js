// Films of cameras near by: asked for when they come into sight, since each that is asked for is a look on record.

export function startBeside() {
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      target.preload = "metadata";
      target.src = target.dataset.beside;
    }
  });
  for (const video of document.querySelectorAll("[data-beside]")) seen.observe(video);
}
