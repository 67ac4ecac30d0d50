// A training to play with. The page brings a picture of the last snapshot and the data of all; this moves from one to another.
// Nothing plays before someone asks for it. Without this script the animation stands on the page instead.

for (const player of document.querySelectorAll(".player")) {
  const data = JSON.parse(player.querySelector("script").textContent);
  const find = (selector) => player.querySelector(selector);
  const [slider, play, speed] = [find("input"), find(".play"), find("select")];
  const [curve, mark, point] = [find(".fit .now"), find(".loss .mark"), find(".map .mark")];
  const parameters = player.querySelectorAll('[data-now="parameter"]');
  const last = data.epochs.length - 1;
  // Snapshots in a second, at the speed 1: the whole in some four seconds.
  const rate = Math.min(24, Math.max(8, last / 4));
  let at = last;
  let frame = 0;

  const move = (circle, [x, y]) => {
    circle.setAttribute("cx", x);
    circle.setAttribute("cy", y);
  };

  function show(index) {
    at = Math.min(last, Math.max(0, index));
    curve.setAttribute("d", data.fits[at]);
    move(mark, data.marks[at]);
    if (point) move(point, data.path[at]);
    find('[data-now="epoch"]').textContent = data.epochs[at];
    find('[data-now="loss"]').textContent = data.losses[at];
    parameters.forEach((cell, index) => (cell.textContent = data.parameters[at][index]));
    slider.value = at;
    slider.setAttribute("aria-valuetext", `epoch ${data.epochs[at]}, MSE ${data.losses[at]}`);
  }

  function pause() {
    cancelAnimationFrame(frame);
    frame = 0;
    play.textContent = "▶";
    play.ariaLabel = "Play";
  }

  function start() {
    if (at === last) show(0);
    let [before, due] = [performance.now(), 0];
    const tick = (now) => {
      due += ((now - before) / 1000) * rate * speed.value;
      before = now;
      if (due >= 1) {
        show(at + Math.floor(due));
        due %= 1;
      }
      if (at === last) pause();
      else frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    play.textContent = "❚❚";
    play.ariaLabel = "Pause";
  }

  const step = (by) => () => {
    pause();
    show(at + by);
  };
  play.onclick = () => (frame ? pause() : start());
  find(".back").onclick = step(-1);
  find(".on").onclick = step(1);
  slider.oninput = () => {
    pause();
    show(Number(slider.value));
  };
  // Browsers keep what a form held.
  show(last);
  speed.value = 1;
  find(".controls").hidden = false;
  for (const details of document.querySelectorAll(".animation details")) details.open = false;
}
