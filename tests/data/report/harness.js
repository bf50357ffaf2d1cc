// Uses the page as a reader would and writes down what happened; see tests/report_browser.sh.
'use strict';
const note = (name, good) => document.body.setAttribute('data-' + name, good ? 'yes' : 'no');
note('no_script_error', true);
window.addEventListener('error', () => note('no_script_error', false));

const charts = [...document.querySelectorAll('svg.chart')];
note('charts_are_drawn', charts.length >= 3 && charts.every(c => c.querySelector('.line path').getTotalLength() >= 0));
const panels = [...document.querySelectorAll('[role=tabpanel]')];
note('one_tab_is_shown', panels.filter(p => !p.hidden).length === 1);
const tabs = [...document.querySelectorAll('.tabs button')];
tabs[1].click();
note('tab_changes', !panels[1].hidden && panels[0].hidden);

const stage = document.querySelector('.stage');
const cut = () => parseFloat(stage.style.getPropertyValue('--cut'));
const press = key => stage.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
const start = cut();
press('ArrowRight');
note('keyboard_moves_cut', cut() === start + 2);
const box = stage.getBoundingClientRect();
stage.dispatchEvent(new PointerEvent('pointermove', {buttons: 1, clientX: box.left + box.width / 4, clientY: box.top + 5}));
note('mouse_moves_cut', Math.abs(cut() - 25) < 1);

const left = stage.querySelector('img.left'), right = stage.querySelector('img.right');
note('sides_are_shown', left.alt.startsWith('x265') && right.alt.startsWith('gvc') && left.src.startsWith('data:image/jpeg') && left.src !== right.src);
const frame = document.querySelector('[data-role=frame]');
press('ArrowDown');
note('frame_changes', frame.selectedIndex === 1);
press('o');
note('original_by_key', left.alt === 'original');
