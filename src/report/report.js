'use strict';
(() => {
  // One metric's charts at a time.
  const tabs = [...document.querySelectorAll('.tabs button')];
  const show = chosen => tabs.forEach(tab => {
    tab.setAttribute('aria-selected', tab === chosen);
    document.getElementById(tab.dataset.panel).hidden = tab !== chosen;
  });
  tabs.forEach((tab, i) => {
    tab.addEventListener('click', () => show(tab));
    tab.addEventListener('keydown', event => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
      if (!step) return;
      const next = tabs[(i + step + tabs.length) % tabs.length];
      show(next);
      next.focus();
    });
  });
  if (tabs.length) show(tabs[0]);

  // Two pictures of the same frame, one over the other, cut at the handle.
  const data = JSON.parse(document.getElementById('pictures').textContent);
  const stage = document.querySelector('.stage');
  if (!stage || !data.scenes.length) return;
  const find = name => document.querySelector(`[data-role="${name}"]`);
  const scene = find('scene'), frame = find('frame'), left = find('left'), right = find('right');
  const pictures = {left: stage.querySelector('.left'), right: stage.querySelector('.right')};
  const tags = {left: stage.querySelector('.tag.l'), right: stage.querySelector('.tag.r')};
  let cut = 50;

  const options = (select, names, wanted) => {
    select.replaceChildren(...names.map((name, i) => new Option(name, i)));
    select.value = wanted < names.length ? wanted : names.length - 1;
  };
  const place = value => {
    cut = Math.min(100, Math.max(0, value));
    stage.style.setProperty('--cut', cut + '%');
    stage.setAttribute('aria-valuenow', Math.round(cut));
  };
  const draw = () => {
    const sides = data.scenes[scene.value].frames[frame.value].sides;
    for (const [name, select] of [['left', left], ['right', right]]) {
      pictures[name].src = data.images[sides[select.value].image];
      pictures[name].alt = tags[name].textContent = sides[select.value].label;
    }
  };
  const change = keep => {
    const now = data.scenes[scene.value];
    options(frame, now.frames.map(f => 'frame ' + f.frame), keep ? frame.selectedIndex : 0);
    const labels = now.frames[0].sides.map(side => side.label);
    const [l, r] = keep ? [left.selectedIndex, right.selectedIndex] : [1, 2];
    options(left, labels, l);
    options(right, labels, r);
    draw();
  };
  options(scene, data.scenes.map(s => s.title), 0);
  change(false);
  place(50);

  scene.addEventListener('change', () => change(true));
  for (const select of [frame, left, right]) select.addEventListener('change', draw);
  const at = event => {
    const box = stage.getBoundingClientRect();
    place(100 * (event.clientX - box.left) / box.width);
  };
  stage.addEventListener('pointerdown', event => {
    stage.setPointerCapture(event.pointerId);
    at(event);
  });
  stage.addEventListener('pointermove', event => { if (event.buttons) at(event); });
  const step = (select, by) => {
    select.selectedIndex = (select.selectedIndex + by + select.length) % select.length;
    select.dispatchEvent(new Event('change'));
  };
  const keys = {
    ArrowLeft: () => place(cut - 2), ArrowRight: () => place(cut + 2), Home: () => place(0), End: () => place(100),
    ArrowUp: () => step(frame, -1), ArrowDown: () => step(frame, 1), ' ': () => step(scene, 1),
    o: () => { left.selectedIndex = left.selectedIndex ? 0 : Math.min(1, left.length - 1); draw(); },
  };
  stage.addEventListener('keydown', event => {
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
