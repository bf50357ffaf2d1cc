#!/usr/bin/env python3
"""Measure GVC on a folder of test clips: encode at real bytes, decode, evaluate.

    tools/measure.py TESTSET [--gvc build/gvc] [--bpp 0.02] [--steps 0,1] [--every 5] [--out FILE.jsonl]

TESTSET is what make_testset.py wrote. One JSON line a clip and number of steps, then the means. A clip
that is already in FILE at this rate is not measured again.
"""
import argparse, glob, json, os, subprocess, sys, tempfile, time


def run(command):
    start = time.time()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(' '.join(command) + f'\nexit {done.returncode}: {done.stderr.strip()}')
    return done.stdout, time.time() - start


def last_json(text):
    return json.loads([line for line in text.splitlines() if line.startswith('{')][-1])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('testset')
    p.add_argument('--gvc', default='build/gvc')
    p.add_argument('--bpp', type=float, default=0.02)
    p.add_argument('--steps', default='0,1')
    p.add_argument('--every', type=int, default=5)
    p.add_argument('--out', default='measure.jsonl')
    a = p.parse_args()
    known = {}
    if os.path.exists(a.out):
        for line in open(a.out):
            row = json.loads(line)
            known[row['clip'], row['target_bpp'], row['steps']] = row
    rows = []
    for clip in sorted(glob.glob(os.path.join(glob.escape(a.testset), '*.mkv'))):
        name = os.path.basename(clip)[:-4]
        wanted = [int(s) for s in a.steps.split(',')]
        if all((name, a.bpp, s) in known for s in wanted):
            rows += [known[name, a.bpp, s] for s in wanted]
            continue
        with tempfile.TemporaryDirectory() as folder:
            stream = os.path.join(folder, 's.gvc')
            out, encode_s = run([a.gvc, 'encode', clip, stream, '--bpp', str(a.bpp), '--json', '-y'])
            encoded = last_json(out)
            for steps in wanted:
                video = os.path.join(folder, f'd{steps}.mkv')
                _, decode_s = run([a.gvc, 'decode', stream, video, '--steps', str(steps), '--lossless', '-y'])
                out, _ = run([a.gvc, 'eval', clip, video, '--metrics', 'psnr-rgb,lpips-alex,lpips-squeeze',
                              '--every', str(a.every), '--json'])
                row = dict(clip=name, target_bpp=a.bpp, steps=steps, bytes=os.path.getsize(stream),
                           encode_s=round(encode_s, 2), decode_s=round(decode_s, 2), encoded=encoded,
                           eval=last_json(out))
                rows.append(row)
                with open(a.out, 'a') as f:
                    f.write(json.dumps(row) + '\n')
                print(name, steps, row['bytes'], json.dumps(row['eval'])[:200], flush=True)


if __name__ == '__main__':
    main()
