#!/usr/bin/env python3
"""Measure GVC on a folder of clips: encode at real bytes, decode, evaluate, compare with anchors.

    tools/measure.py CLIPS [--bpp 0.005,0.008,0.01] [--base av1] [--steps default,0]
                     [--anchors ../shared/anchors/480p.jsonl] [--out FILE.jsonl] [--encode "ARGS"]

CLIPS is what make_testset.py wrote. One JSON line a clip, rate and number of steps; what is already in FILE
is not measured again. Then a table: means over clips, and, with anchors, the ratio of means to x265 (the better
of full and half size at the same rate, interpolated in log rate) over the clips that both reach.
"""
import argparse, glob, json, math, os, subprocess, sys, tempfile, time

METRICS = ['psnr_rgb', 'ms_ssim', 'lpips_alex', 'lpips_squeeze', 'tlpips_alex']
ANCHOR_NAMES = {'psnr_rgb': 'psnr_rgb', 'lpips_alex': 'lpips_alex', 'lpips_squeeze': 'lpips_squeeze'}


def run(command):
    start = time.time()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(' '.join(command) + f': exit {done.returncode}: {done.stderr.strip()[-300:]}')
    return done.stdout, time.time() - start


def last_json(text):
    return json.loads([line for line in text.splitlines() if line.startswith('{')][-1])


def measure(a, clip, bpp, folder):
    """The rows of one clip at one rate, one a number of steps."""
    stream = os.path.join(folder, 's.gvc')
    out, encode_s = run([a.gvc, 'encode', clip, stream, '--bpp', str(bpp), '--base', a.base, '--json', '-y']
                        + a.encode.split())
    encoded = last_json(out)
    for steps in a.steps.split(','):
        video = os.path.join(folder, 'd.mkv')
        chosen = [] if steps == 'default' else ['--steps', steps]
        _, decode_s = run([a.gvc, 'decode', stream, video, '--lossless', '-y'] + chosen)
        out, _ = run([a.gvc, 'eval', clip, video, '--metrics', a.metrics, '--every', str(a.every), '--json'])
        values = {name: m['overall'] for name, m in last_json(out)['metrics'].items()}
        yield dict(clip=os.path.basename(clip)[:-4], base=a.base, target_bpp=bpp, steps=steps,
                   bytes=os.path.getsize(stream), bpp=encoded['bpp'], encode_s=round(encode_s, 2),
                   decode_s=round(decode_s, 2), frames=encoded['frames'], **values)


def interpolate(points, bpp, metric):
    """A codec's metric at a rate, from its measured points; None outside of them (2 % grace)."""
    points = sorted(points, key=lambda p: p['bpp'])
    for low, high in zip(points, points[1:]):
        if low['bpp'] / 1.02 <= bpp <= high['bpp'] * 1.02:
            t = (math.log(bpp) - math.log(low['bpp'])) / (math.log(high['bpp']) - math.log(low['bpp']))
            return low[metric] + t * (high[metric] - low[metric])
    return None


def anchor_at(anchors, clip, bpp):
    """x265's values at a rate: of full or half size, the one with the lower LPIPS (AlexNet)."""
    best = None
    for codec in ('x265_closed', 'x265half_closed'):
        points = [p for p in anchors if p['clip'].split('/')[-1] == clip and p['codec'] == codec]
        values = {ours: interpolate(points, bpp, theirs) for ours, theirs in ANCHOR_NAMES.items()}
        if values['lpips_alex'] is not None and (best is None or values['lpips_alex'] < best['lpips_alex']):
            best = values
    return best


def table(rows, anchors):
    keys = sorted({(r['target_bpp'], r['steps']) for r in rows})
    for bpp, steps in keys:
        mine = [r for r in rows if (r['target_bpp'], r['steps']) == (bpp, steps)]
        means = {m: sum(r[m] for r in mine) / len(mine) for m in METRICS if m in mine[0]}
        rate = sum(r['bpp'] for r in mine) / len(mine)
        print(f'{bpp} bpp, steps {steps}: {len(mine)} clips, {rate:.5f} bpp,',
              ', '.join(f'{name} {value:.4f}' for name, value in means.items()))
        # At the rate that the clip really took, not at the one asked for.
        pairs = [(r, anchor_at(anchors, r['clip'], r['bpp'])) for r in mine]
        pairs = [(r, x) for r, x in pairs if x]
        if not pairs:
            continue
        for metric in ('lpips_alex', 'lpips_squeeze'):
            ours = sum(r[metric] for r, _ in pairs) / len(pairs)
            theirs = sum(x[metric] for _, x in pairs) / len(pairs)
            spread = sorted((r[metric] / x[metric], r['clip']) for r, x in pairs)
            print(f'  {metric} {ours:.4f} against x265 {theirs:.4f} on {len(pairs)} clips: ratio '
                  f'{ours / theirs:.3f} (best {spread[0][0]:.2f} {spread[0][1]}, '
                  f'worst {spread[-1][0]:.2f} {spread[-1][1]})')
        gap = sum(r['psnr_rgb'] - x['psnr_rgb'] for r, x in pairs) / len(pairs)
        print(f'  psnr_rgb {gap:+.2f} dB to x265')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('clips')
    p.add_argument('--gvc', default='build/gvc')
    p.add_argument('--bpp', default='0.005,0.008,0.01')
    p.add_argument('--base', default='auto')
    p.add_argument('--steps', default='default')
    p.add_argument('--every', type=int, default=5)
    p.add_argument('--metrics', default='psnr_rgb,lpips_alex,lpips_squeeze')
    p.add_argument('--encode', default='', help='more arguments for gvc encode')
    p.add_argument('--anchors', default='')
    p.add_argument('--out', default='measure.jsonl')
    a = p.parse_args()
    anchors = [json.loads(line) for line in open(a.anchors)] if a.anchors else []
    known = {}
    if os.path.exists(a.out):
        for line in open(a.out):
            row = json.loads(line)
            known[row['clip'], row['base'], row['target_bpp'], row['steps']] = row
    rows, failed = [], 0
    for clip in sorted(glob.glob(os.path.join(glob.escape(a.clips), '*.mkv'))):
        name = os.path.basename(clip)[:-4]
        for bpp in map(float, a.bpp.split(',')):
            wanted = [(name, a.base, bpp, s) for s in a.steps.split(',')]
            if all(w in known for w in wanted):
                rows += [known[w] for w in wanted]
                continue
            with tempfile.TemporaryDirectory() as folder:
                try:
                    for row in measure(a, clip, bpp, folder):
                        rows.append(row)
                        with open(a.out, 'a') as f:
                            f.write(json.dumps(row) + '\n')
                        print(name, row['target_bpp'], row['steps'], 'bpp %.5f' % row['bpp'],
                              'lpips %.4f' % row['lpips_alex'], 'psnr %.2f' % row['psnr_rgb'], flush=True)
                except RuntimeError as error:
                    failed += 1
                    print(name, error, file=sys.stderr)
    table(rows, anchors)
    return 5 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
