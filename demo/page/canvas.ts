/**
 * Browser script, second part: the two drawings, in the colours of the style sheet. A text because it runs in the
 * page. It refuses timers: it draws what it is given when it is told to.
 */
export const canvasScript = `
const SECONDS = 60;
const TRAIL = 14;
const RANGE_MILES = 2;

function paper(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const look = getComputedStyle(document.documentElement);
  return { pen, width, height, colour: (name) => look.getPropertyValue('--' + name).trim() };
}

// seconds: the newest last; marks: the same length, a colour's name where something happened.
function drawRate(canvas, seconds, marks) {
  const { pen, width, height, colour } = paper(canvas);
  const floor = height - 16;
  const most = Math.max(20, ...seconds);
  const step = width / SECONDS;
  pen.font = '11px system-ui, sans-serif';
  pen.fillStyle = colour('soft');
  pen.fillText('60 s ago', 0, height - 3);
  pen.textAlign = 'right';
  pen.fillText('now', width, height - 3);
  pen.strokeStyle = colour('line');
  pen.beginPath();
  for (const part of [0, 0.5, 1]) {
    const y = Math.round(floor - part * (floor - 14)) + 0.5;
    pen.moveTo(0, y);
    pen.lineTo(width, y);
  }
  pen.stroke();
  seconds.forEach((count, i) => {
    const tall = (count / most) * (floor - 14);
    pen.fillStyle = colour('accent');
    pen.globalAlpha = i === SECONDS - 1 ? 0.5 : 1;
    pen.fillRect(i * step + 0.5, floor - tall, Math.max(step - 1, 1), tall);
    pen.globalAlpha = 1;
    if (marks[i]) {
      pen.fillStyle = colour(marks[i]);
      pen.beginPath();
      pen.moveTo(i * step + step / 2 - 4, 0);
      pen.lineTo(i * step + step / 2 + 4, 0);
      pen.lineTo(i * step + step / 2, 7);
      pen.fill();
    }
  });
  pen.textAlign = 'left';
  pen.fillStyle = colour('soft');
  pen.fillText(String(most), 1, 11);
}

// ships: name -> { x, y (miles from the quay), kind, trail: [[x, y]], berth }
function drawRadar(canvas, ships) {
  const { pen, width, height, colour } = paper(canvas);
  const quay = { x: width / 2, y: height - 22 };
  const scale = Math.min((width / 2 - 6) / RANGE_MILES, (quay.y - 6) / RANGE_MILES);
  const at = (x, y) => [quay.x + x * scale, quay.y - y * scale];
  pen.fillStyle = colour('sea');
  pen.fillRect(0, 0, width, height);
  pen.strokeStyle = colour('line');
  for (const miles of [0.5, 1, 1.5, 2]) {
    pen.beginPath();
    pen.arc(quay.x, quay.y, miles * scale, Math.PI, 0);
    pen.stroke();
  }
  pen.fillStyle = colour('land');
  pen.fillRect(0, quay.y + 2, width, height);
  pen.fillStyle = colour('soft');
  pen.font = '11px system-ui, sans-serif';
  pen.textAlign = 'center';
  const moored = [...ships.values()].filter((ship) => ship.berth).length;
  pen.fillText(moored === 1 ? '1 ship at the quay' : moored + ' ships at the quay', quay.x, height - 6);
  for (const ship of ships.values()) {
    if (ship.berth) {
      const [x, y] = at(0, 0);
      pen.fillStyle = colour('good');
      pen.fillRect(x + (ship.berth - 7.5) * 9, y - 3, 6, 6);
      continue;
    }
    pen.strokeStyle = colour('accent');
    pen.globalAlpha = 0.35;
    pen.beginPath();
    for (const [x, y] of ship.trail) pen.lineTo(...at(x, y));
    pen.stroke();
    pen.globalAlpha = 1;
    pen.fillStyle = colour('accent');
    pen.beginPath();
    pen.arc(...at(ship.x, ship.y), 3.5, 0, 2 * Math.PI);
    pen.fill();
  }
}

function moveShip(ships, type, data) {
  if (typeof data.ship !== 'string') return;
  const ship = ships.get(data.ship) || { trail: [] };
  if (type === 'berth') {
    ship.trail = [];
    ship.berth = String(data.what).startsWith('moored') ? Number(data.berth) || 1 : 0;
    ship.x = ship.y = 0;
  } else if (Number.isFinite(data.x) && Number.isFinite(data.y)) {
    // A ship that left and comes in elsewhere has turned; a line between the two would be no track.
    if (Math.cos(((data.hdg - ship.hdg) * Math.PI) / 180) < 0.5) ship.trail = [];
    ship.hdg = data.hdg;
    ship.berth = 0;
    ship.x = data.x;
    ship.y = data.y;
    ship.trail.push([data.x, data.y]);
    if (ship.trail.length > TRAIL) ship.trail.shift();
  } else {
    return;
  }
  ships.set(data.ship, ship);
}
`;
