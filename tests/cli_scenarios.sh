#!/usr/bin/env bash
# Scenarios of the command line, with the untrained test model. Prints a line for each: PASS, FAIL
# or SKIP and its name. Environment: GVC_BUILD_DIR has gvc and gvc-random-model.
set -uo pipefail
cd "$(dirname "$0")/.."
source=$PWD
build=${GVC_BUILD_DIR:-build}
gvc=$(realpath "$build/gvc") && random_model=$(realpath "$build/gvc-random-model") || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1${2:+: $2}"; failed=1; }
skip() { echo "SKIP $1: $2"; }
# check NAME COMMAND...: passes if the command succeeds.
check() {
    local name=$1
    shift
    if "$@" >out.txt 2>&1; then pass "$name"; else fail "$name" "$(tail -n 2 out.txt)"; fi
}
# refuses NAME CODE PATTERN COMMAND...: exactly one error line, with this pattern, and this status.
refuses() {
    local name=$1 code=$2 pattern=$3 status=0
    shift 3
    timeout 60 "$@" >out.txt 2>err.txt </dev/null || status=$?
    local lines
    lines=$(grep -c '^gvc: error: ' err.txt)
    if ((status != code)); then
        fail "$name" "exit status $status, not $code: $(head -n 2 err.txt)"
    elif ((lines != 1)) || ! grep -q "^gvc: error: .*$pattern" err.txt; then
        fail "$name" "says: $(cat err.txt)"
    else
        pass "$name"
    fi
}
same() { cmp -s "$1" "$2"; }
hash_audio() { ffmpeg -v error -i "$1" -map 0:a -c copy -f hash -; }
md5() { "$gvc" decode -q --json --md5 "$@" | jq -r .md5; }

for tool in ffmpeg jq; do
    if ! command -v "$tool" >/dev/null; then skip cli "$tool is not installed"; exit 77; fi
done
mkdir model other && "$random_model" model 1 && "$random_model" other 2 || exit 1
# The base is neural unless weights of the hybrid's refiner are there: they have a folder apart.
mkdir hybrid && cp model/*.safetensors hybrid && rm {model,other}/refiner-av1-s.safetensors || exit 1
export GVC_MODEL_DIR=$work/model OMP_WAIT_POLICY=passive
export -n ONEDNN_MAX_CPU_ISA
fps=10
ffmpeg -v error -f lavfi -i "testsrc=size=96x64:rate=$fps" -f lavfi -i sine=frequency=440 -t 7 \
    -pix_fmt yuv420p -c:v ffv1 -c:a pcm_s16le in.mkv || exit 1
ffmpeg -v error -i in.mkv -an in.y4m || exit 1

# ---- round trips ----
check encode_file "$gvc" encode in.y4m a.gvc --qp 8
check decode_file "$gvc" decode a.gvc a.y4m
check default_output "$gvc" encode in.y4m --frames 2 --qp 20
check default_output_name test -s in.gvc
# Frames of 96x64 in y4m are 6 + 9216 bytes behind the header line.
y4m_frames() { echo $((($(stat -c %s "$1") - $(head -n 1 "$1" | wc -c)) / 9222)); }
check all_frames_come_back test "$(y4m_frames a.y4m)" = 70
check pipe_in_and_out bash -c "'$gvc' encode - - --qp 8 <in.y4m >pipe.gvc 2>/dev/null &&
    '$gvc' decode - - <pipe.gvc >pipe.y4m 2>/dev/null"
check pipe_equals_file_gvc same a.gvc pipe.gvc
check pipe_equals_file_y4m same a.y4m pipe.y4m
check decode_mp4 "$gvc" decode a.gvc a.mp4 -q
check mp4_frame_count test "$(ffprobe -v error -select_streams v -count_frames -show_entries \
    stream=nb_read_frames -of csv=p=0 a.mp4)" = 70
check decode_png "$gvc" decode a.gvc 'p%03d.png' --frames 3 -q
check png_count test "$(ls p*.png | wc -l)" = 3
check two_runs_one_stream bash -c "'$gvc' encode in.y4m b.gvc --qp 8 -q && cmp a.gvc b.gvc"
check odd_size bash -c "ffmpeg -v error -f lavfi -i testsrc=size=65x71:rate=5 -t 1 \
    -pix_fmt yuv420p odd.y4m && '$gvc' encode odd.y4m odd.gvc -q && '$gvc' decode odd.gvc o.y4m -q &&
    head -c 20 o.y4m | grep -q 'W65 H71'"
check self_mode bash -c "'$gvc' encode in.y4m self.gvc --mode self --qp 8 -q &&
    '$gvc' inspect self.gvc --json | jq -e '.sequence.context == \"self\"'"
check steps_0 "$gvc" decode a.gvc s0.y4m --steps 0 --frames 5 -q
check verify "$gvc" encode in.y4m v.gvc --qp 8 --verify -q
check verify_tokens "$gvc" decode a.gvc --verify-tokens
check fps_and_size bash -c "'$gvc' encode in.y4m f.gvc --fps 5 --size 64x64 --qp 20 --json |
    jq -e '.frames == 35'"
check missed_rate_is_said bash -c "'$gvc' encode in.y4m r.gvc --bpp 0.0001 --progress none 2>&1 |
    grep -q '^gvc: warning: the coarsest quantiser takes .* bpp, not 0.0001'"
check adaptive_keyint bash -c "'$gvc' encode in.y4m k.gvc --qp 8 --adaptive-keyint on -q &&
    '$gvc' decode k.gvc k.y4m -q"
check adaptive_keyint_frames test "$(y4m_frames k.y4m)" = 70
check image_sequence bash -c "'$gvc' encode 'p%03d.png' img.gvc --json | jq -e '.frames == 3'"

# ---- the hybrid base ----
examples=$source/examples
bases() { "$gvc" inspect --packets "$1" --json | jq -r '[.gop_list[].base] | unique | join(" ")'; }
hash_of() { "$gvc" inspect --packets "$1" --json | jq -e '.intact and
    ([.gop_list[] | .token_crc == .token_hash] | all)'; }
if [[ $(ffmpeg -v error -encoders) != *libsvtav1* ]]; then
    skip hybrid "this FFmpeg has no SVT-AV1"
elif [[ ! -s $examples/dog_ball.mp4 ]]; then
    skip hybrid "examples/dog_ball.mp4 is missing"
else
    dog=$examples/dog_ball.mp4
    encode_av1() { "$gvc" encode "$dog" "$@" --size 160x90 --frames 6 --preset realtime -q; }
    check encode_base_av1 encode_av1 dog_av1.gvc --base av1 --crf 40 --model hybrid
    check encode_base_neural encode_av1 dog_neural.gvc --base neural --crf 40 --model hybrid
    check inspect_says_av1 test "$(bases dog_av1.gvc)" = av1
    check inspect_says_neural test "$(bases dog_neural.gvc)" = neural
    check inspect_text_says_av1 bash -c "'$gvc' inspect --packets dog_av1.gvc | grep -q ' av1 '"
    check av1_hashes_are_right hash_of dog_av1.gvc
    check auto_is_av1_with_its_weights encode_av1 dog_auto.gvc --crf 40 --model hybrid
    check auto_gives_the_same_stream same dog_auto.gvc dog_av1.gvc
    check auto_is_neural_without encode_av1 dog_auto.gvc -y --crf 40
    check auto_without_says_neural test "$(bases dog_auto.gvc)" = neural
    check av1_without_refiner encode_av1 dog_plain.gvc --base av1 --crf 40
    for stream in dog_av1 dog_neural; do
        check "decode_$stream" "$gvc" decode $stream.gvc $stream.y4m --model hybrid -q
        check "frames_$stream" test "$(ffprobe -v error -count_frames -show_entries \
            stream=nb_read_frames,width,height -of csv=p=0 $stream.y4m)" = 160,90,6
        check "twice_$stream" test "$(md5 $stream.gvc --model hybrid)" = \
            "$(md5 $stream.gvc --model hybrid --threads 1)"
    done
    check av1_refiner_changes_pictures test "$(md5 dog_av1.gvc --model hybrid)" != \
        "$(md5 dog_av1.gvc --model hybrid --steps 0)"
    check av1_without_refiner_is_steps_0 test "$(md5 dog_av1.gvc)" = \
        "$(md5 dog_av1.gvc --model hybrid --steps 0)"
    check av1_verify encode_av1 dog_v.gvc --base av1 --crf 40 --model hybrid --verify
    check av1_by_bpp encode_av1 dog_bpp.gvc --base av1 --bpp 0.1 --model hybrid
    check av1_bpp_decodes "$gvc" decode dog_bpp.gvc --md5 --model hybrid -q
    check base_scale encode_av1 dog_half.gvc --base av1 --crf 40 --base-scale 0.5 --model hybrid
    check base_scale_is_smaller test "$(stat -c %s dog_half.gvc)" -lt "$(stat -c %s dog_av1.gvc)"
    check base_scale_decodes test "$("$gvc" decode dog_half.gvc --md5 --json -q --model hybrid |
        jq -r .frames)" = 6
    check av1_in_mkv encode_av1 dog.mkv --base av1 --crf 40 --model hybrid
    check av1_in_mkv_is_the_same test "$(md5 dog.mkv --model hybrid)" = \
        "$(md5 dog_av1.gvc --model hybrid)"
    # Two tracks: AV1 that any player shows, and GVC's own beside it.
    ffmpeg -v error -i "$dog" -f lavfi -i sine=frequency=440 -t 3 -c:v copy -c:a pcm_s16le \
        -shortest dogs.mkv
    three_gops() { "$gvc" encode dogs.mkv "$@" --size 160x90 --frames 62 -q --crf 40 --base av1 \
        --preset realtime --model hybrid; }
    check av1_three_gops three_gops three.gvc
    check av1_mkv_two_tracks three_gops three.mkv --verify
    track() { ffprobe -v error -count_frames -select_streams v:0 -show_entries "$1" -of csv=p=0 "$2"; }
    check av1_mkv_plays test "$(track stream=codec_name,width,height,nb_read_frames three.mkv)" = \
        av1,160,90,62
    check av1_mkv_plays_with_audio ffmpeg -nostdin -v error -xerror -i three.mkv -f null -
    three=$(md5 three.gvc --model hybrid)
    check av1_mkv_gives_the_same_frames test "$(md5 three.mkv --model hybrid)" = "$three" -a -n "$three"
    check av1_mkv_seeks test "$(md5 three.mkv --model hybrid --start 35f)" = \
        "$(md5 three.gvc --model hybrid --start 35f)"
    "$gvc" decode three.mkv shown.mkv --lossless --model hybrid -q
    check av1_mkv_has_their_times test "$(track frame=pts_time three.mkv)" = \
        "$(track frame=pts_time shown.mkv)"
    check av1_mkv_audio_comes_back test "$(hash_audio three.mkv)" = "$(hash_audio shown.mkv)"
    audio_bytes=$(ffprobe -v error -select_streams a -show_entries packet=size -of csv=p=0 three.mkv |
        awk '{ sum += $1 } END { print sum }')
    check av1_mkv_holds_it_once test \
        $(($(stat -c %s three.mkv) - $(stat -c %s three.gvc) - audio_bytes)) -lt 4000
    check av1_mkv_is_whole bash -c "'$gvc' inspect --packets three.mkv --json |
        jq -e '.intact and .frames == 62'"
    refuses av1_mkv_is_no_plain_video 3 "GVC" "$gvc" encode three.mkv x.gvc

    # A packet of the second GOP damaged costs that GOP; one of the last GOP too.
    hurt() { printf 'XXXXXXXX' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
    offset_of() { "$gvc" inspect --packets three.gvc --json |
        jq "[.packet_list[] | select(.kind == \"base\")][$1].offset"; }
    cp three.gvc hurt_1.gvc && hurt hurt_1.gvc $(($(offset_of 1) + 60))
    cp three.gvc hurt_2.gvc && hurt hurt_2.gvc $(($(offset_of 2) + 20))
    key_of() { ffprobe -v error -select_streams "$1" -show_entries packet=flags,pos -of csv=p=0 \
        three.mkv | grep K | sed -n "$2s/,.*//p"; }
    cp three.mkv hurt_base.mkv && hurt hurt_base.mkv $(($(key_of v:0 2) + 90))
    cp three.mkv hurt_last.mkv && hurt hurt_last.mkv $(($(key_of v:1 3) + 30))
    for case in "hurt_1.gvc 29" "hurt_2.gvc 4" "hurt_base.mkv 29" "hurt_last.mkv 4"; do
        read -r stream lost <<<"$case"
        refuses "av1_$stream" 4 "" "$gvc" decode "$stream" x.y4m -y --model hybrid
        refuses "av1_${stream}_conceal_is_partial" 8 "$lost of 62" "$gvc" decode "$stream" \
            "$stream.y4m" --conceal --model hybrid
        check "av1_${stream}_all_frames" test "$(track stream=nb_read_frames "$stream.y4m")" = 62
    done
fi
refuses base_unknown 2 "base" "$gvc" encode in.y4m x.gvc --base h264
refuses preset_unknown 2 "preset" "$gvc" encode in.y4m x.gvc --preset placebo
refuses adaptive_keyint_unknown 2 "adaptive-keyint" "$gvc" encode in.y4m x.gvc \
    --adaptive-keyint maybe
refuses faces_unknown 2 "faces" "$gvc" encode in.y4m x.gvc --faces some
refuses base_scale_too_large 2 "base-scale" "$gvc" encode in.y4m x.gvc --base-scale 1.5
refuses base_scale_too_small 2 "base-scale" "$gvc" encode in.y4m x.gvc --base-scale 0.01
refuses base_scale_no_number 2 "base-scale" "$gvc" encode in.y4m x.gvc --base-scale half

# ---- Matroska with audio ----
check encode_mkv "$gvc" encode in.mkv a.mkv --qp 8 --verify
check mkv_audio_kept test "$(hash_audio in.mkv)" = "$(hash_audio a.mkv)"
check decode_mkv "$gvc" decode a.mkv back.mkv --lossless
check mkv_audio_comes_back test "$(hash_audio in.mkv)" = "$(hash_audio back.mkv)"
"$gvc" encode in.mkv m.gvc --qp 8 -q
check mkv_frames_equal_gvc test "$(md5 a.mkv)" = "$(md5 m.gvc)"
check lossless_md5_is_ffmpegs test "MD5=$(md5 a.mkv)" = \
    "$(ffmpeg -v error -i back.mkv -map 0:v -f rawvideo - | ffmpeg -v error -f u8 -ar 8000 -ac 1 \
       -i - -c copy -f md5 -)"
check inspect_mkv "$gvc" inspect a.mkv
check audio_none bash -c "'$gvc' encode in.mkv mute.mkv --audio none --frames 4 -q &&
    test -z \"\$(ffprobe -v error -select_streams a -show_entries stream=index -of csv=p=0 mute.mkv)\""

# ---- determinism ----
first=$(md5 a.gvc)
check md5_twice test "$first" = "$(md5 a.gvc)" -a -n "$first"
check md5_threads test "$(md5 a.gvc --threads 1)" = "$(md5 a.gvc --threads 8)"
hashes() { "$gvc" inspect --tokens "$1" --json | jq -r '.gop_list[].token_hash'; }
want=$(hashes a.gvc)
for isa in SSE41 AVX AVX2 AVX512_CORE AVX512_CORE_BF16; do
    check "decodes_under_$isa" env ONEDNN_MAX_CPU_ISA=$isa "$gvc" decode a.gvc --md5 --frames 30 -q
    check "token_hashes_under_$isa" test "$(ONEDNN_MAX_CPU_ISA=$isa hashes a.gvc)" = "$want" \
        -a -n "$want"
done

# ---- seeking ----
slice() { tail -c +$(($(head -n 1 a.y4m | wc -c) + 1 + $1 * 9222)) a.y4m | head -c $(($2 * 9222)); }
frames_of() { tail -c +$(($(head -n 1 "$1" | wc -c) + 1)) "$1"; }
for start in 0 3 29 40 58 69; do
    "$gvc" decode a.gvc seek.y4m -y -q --start ${start}f --frames 1
    slice $start 1 >want.bin
    frames_of seek.y4m >got.bin
    check "seek_to_frame_$start" same want.bin got.bin
done
"$gvc" decode a.gvc seek.y4m -y -q --start 3.5 --frames 12
slice 35 12 >want.bin
frames_of seek.y4m >got.bin
check seek_by_time same want.bin got.bin
check seek_in_pipe test "$("$gvc" decode - --md5 --json -q --start 35f <a.gvc | jq -r .md5)" = \
    "$(md5 a.gvc --start 35f)"
check seek_in_mkv test "$(md5 a.mkv --start 35f)" = "$(md5 m.gvc --start 35f)"
refuses seek_beyond_end 3 "before the start" "$gvc" decode a.gvc x.y4m --start 100

# ---- bad input ----
refuses no_file 3 "" "$gvc" encode missing.mp4 x.gvc
refuses no_file_to_decode 3 "" "$gvc" decode missing.gvc x.mp4
refuses input_is_directory 3 "directory" "$gvc" encode model x.gvc
refuses decode_directory 3 "directory" "$gvc" decode model x.y4m
ffmpeg -v error -i in.mkv -vn audio.mkv
refuses audio_only 3 "" "$gvc" encode audio.mkv x.gvc
head -c 3000 /dev/urandom >noise.mp4
refuses noise_as_video 3 "" "$gvc" encode noise.mp4 x.gvc
refuses noise_as_stream 4 "" "$gvc" decode noise.mp4 x.mp4
: >empty.gvc
refuses empty_stream 4 "" "$gvc" decode empty.gvc x.mp4
refuses video_is_no_stream 3 "GVC" "$gvc" decode in.mkv x.mp4
ffmpeg -v error -i in.mkv -an -c:v libx264 whole.mp4
head -c $(($(stat -c %s whole.mp4) / 2)) whole.mp4 >broken.mp4
refuses broken_mp4 3 "" "$gvc" encode broken.mp4 x.gvc
cat in.y4m >two.y4m
head -n 1 in.y4m | sed 's/W96 H64/W64 H64/' >>two.y4m
refuses size_or_damage_in_mid_stream 3 "" "$gvc" encode two.y4m mid.gvc --qp 20
check mid_stream_part_decodes test "$("$gvc" decode mid.gvc.part --md5 --json -q | jq .frames)" = 70
check no_half_file_under_final_name test ! -e mid.gvc
refuses no_output_folder 2 "" "$gvc" encode in.y4m nowhere/x.gvc
refuses output_is_directory 2 "directory" "$gvc" encode in.y4m model
refuses output_exists 2 "exists" "$gvc" encode in.y4m a.gvc
refuses output_exists_n 2 "exists" "$gvc" encode in.y4m a.gvc -n
refuses decode_output_exists 2 "exists" "$gvc" decode a.gvc a.y4m
refuses output_is_input 2 "is the input" "$gvc" encode in.y4m in.y4m -y
check overwrite "$gvc" encode in.y4m b.gvc -y -q --frames 2
mkdir locked && chmod 555 locked
as_user=()
if (($(id -u) == 0)); then
    chmod 755 "$work"
    as_user=(setpriv --reuid=65534 --clear-groups)
fi
if "${as_user[@]}" "$gvc" --version >out.txt 2>&1; then
    refuses no_write_permission 2 "" "${as_user[@]}" "$gvc" encode in.y4m locked/x.gvc \
        --model model
else
    skip no_write_permission "root may write everywhere, and another user cannot run gvc"
fi
refuses mp4_cannot_hold_gvc 2 "" "$gvc" encode in.y4m x.mp4
refuses disk_full 75 "" "$gvc" decode a.gvc /dev/full --format y4m
refuses other_model 5 "fingerprint" "$gvc" decode a.gvc x.mp4 --model other
refuses no_model 5 "" "$gvc" decode a.gvc x.mp4 --model /nonexistent
refuses model_damaged 5 "" bash -c "mkdir bad && head -c 1000 model/tokeniser.safetensors \
    >bad/tokeniser.safetensors && exec '$gvc' decode a.gvc x.mp4 --model bad"
mkdir -p "other/$("$gvc" inspect a.gvc --json | jq -r .sequence.fingerprint)"
cp model/*.safetensors other/*/
check older_model_by_fingerprint "$gvc" decode a.gvc --md5 --model other --frames 3 -q
if [[ -f dog_av1.gvc ]]; then  # the AV1 base's refiner lies beside the newest tokeniser alone
    older=mixed/$("$gvc" inspect dog_av1.gvc --json | jq -r .sequence.fingerprint)
    mkdir -p "$older"
    cp hybrid/tokeniser.safetensors "$older/"
    cp other/tokeniser.safetensors hybrid/refiner-av1-s.safetensors mixed/
    check older_model_of_an_av1_base test "$("$gvc" decode dog_av1.gvc --md5 --model mixed -q)" = \
        "$("$gvc" decode dog_av1.gvc --md5 --model hybrid -q)"
fi

head -c $(($(stat -c %s a.gvc) * 3 / 5)) a.gvc >cut.gvc
refuses truncated 4 "" "$gvc" decode cut.gvc cut.y4m
check truncated_part_kept test -s cut.y4m.part
cp a.gvc hurt.gvc
printf 'XXXXXXXX' | dd of=hurt.gvc bs=1 seek=$(($(stat -c %s a.gvc) / 2)) conv=notrunc status=none
refuses damaged 4 "" "$gvc" decode hurt.gvc hurt.y4m
refuses damaged_conceal_is_partial 8 "" "$gvc" decode hurt.gvc hurt.y4m --conceal
check damaged_conceal_all_frames test "$(y4m_frames hurt.y4m)" = 70
refuses damaged_tokens 4 "" "$gvc" decode hurt.gvc --verify-tokens
refuses truncated_conceal_is_partial 8 "" "$gvc" decode cut.gvc cut.y4m --conceal
cat a.gvc f.gvc >two_sizes.gvc
refuses size_changes_in_mid_stream 4 "size changes" "$gvc" decode two_sizes.gvc two_sizes.y4m
check size_changes_part_kept test "$(y4m_frames two_sizes.y4m.part)" = 70
refuses steps_without_refiner 2 "" bash -c "mkdir base && cp model/tokeniser* base &&
    exec '$gvc' decode a.gvc x.mp4 --model base --steps 1"

# ---- usage ----
refuses no_command 2 "no command" "$gvc"
refuses unknown_command 2 "encod'" "$gvc" encod in.y4m
check suggests_command grep -q "did you mean encode" err.txt
refuses unknown_option 2 "bitrat'" "$gvc" encode in.y4m x.gvc --bitrat 5k
check suggests_option grep -q -- "did you mean --bitrate" err.txt
refuses no_input 2 "no input" "$gvc" encode
refuses qp_out_of_range 2 "qp" "$gvc" encode in.y4m x.gvc --qp 40
refuses two_rates 2 "" "$gvc" encode in.y4m x.gvc --qp 4 --crf 20
refuses bad_bitrate 2 "bitrate" "$gvc" encode in.y4m x.gvc --bitrate fast
refuses verify_stdout 2 "verify" "$gvc" encode in.y4m - --verify
check help bash -c "'$gvc' encode --help | grep -q -- --maxrate"
check version bash -c "'$gvc' --version | grep -q '^gvc [0-9]'"

# ---- play ----
refuses play_without_player 6 "no player" env PATH=/nonexistent "$gvc" play a.gvc
mkdir player
printf '#!/bin/sh\nexec cat >"$PLAYED"\n' >player/ffplay && chmod +x player/ffplay
check play_pipes_to_player env PLAYED="$work/played.y4m" PATH="$work/player:$PATH" \
    "$gvc" play a.gvc -q
check played_what_decode_writes same played.y4m a.y4m
printf '#!/bin/sh\nexec true\n' >player/ffplay
check closed_player_is_no_error env PATH="$work/player:$PATH" "$gvc" play a.gvc -q

# ---- suites and reports ----
# Half of it is still 64 lines: below that Debian's x265 writes past its buffers and aborts.
ffmpeg -v error -f lavfi -i testsrc=size=192x128:rate=10 -frames:v 12 -pix_fmt yuv420p -c:v ffv1 \
    suite.mkv || exit 1
cat >suite.json <<'END'
{"name": "tiny", "rates": [0.3, 0.6], "every": 2, "metrics": ["psnr_y", "psnr_rgb"],
 "compare_by": "psnr_rgb", "anchor": "x265", "pictures": [0, 4],
 "clips": [{"file": "suite.mkv", "name": "bars", "start": 2, "frames": 8}],
 "codecs": [{"name": "x265", "kind": "x265", "preset": "ultrafast", "scales": [1, 0.5]},
            {"name": "gvc", "kind": "gvc", "options": ["--base", "neural"], "encodes": 2}]}
END
suite() { "$gvc" eval --suite suite.json --clips . --cache cache -o suite.jsonl "$@"; }
check suite_runs suite --only-codecs x265 --csv suite.csv --compressai shapes
check suite_measures test "$(jq -r 'select(.type == "point" and .frames == 8) | .clip' suite.jsonl |
    sort -u)" = bars
check suite_has_commands_and_memory jq -es '[.[] | select(.type == "point")] |
    length >= 4 and all(.commands | length == 2) and all(.encode_peak > 0)' suite.jsonl
check suite_csv test "$(wc -l <suite.csv)" = "$(($(grep -c '"point"' suite.jsonl) + 1))"
check suite_compressai jq -e '.results["psnr-rgb"] | length == 2' shapes/x265.json
before=$(grep '"point"' suite.jsonl | md5sum)
check suite_comes_from_the_cache bash -c "'$gvc' eval --suite suite.json --clips . --cache cache \
    -o suite.jsonl --only-codecs x265 2>&1 | (! grep 'encode [0-9]')"
check suite_again_is_the_same test "$before" = "$(grep '"point"' suite.jsonl | md5sum)"
# The untrained model misses its rate, and that ends with 7; what there is goes into a report.
refuses suite_names_missed_rates 7 "bars gvc: out of reach" "$gvc" eval --suite suite.json \
    --clips . --cache cache -o suite.jsonl
refuses suite_without_weights 5 "bars gvc" "$gvc" eval --suite suite.json --clips . \
    --cache cache2 -o s2.jsonl --only-codecs gvc --model /nonexistent
refuses suite_without_clip 7 "bars" "$gvc" eval --suite suite.json --clips model --cache cache \
    -o s2.jsonl
refuses suite_is_no_file 3 "" "$gvc" eval --suite missing.json
refuses suite_is_no_json 2 "JSON" "$gvc" eval --suite in.y4m
refuses suite_output_is_something_else 2 "holds no results" "$gvc" eval --suite suite.json \
    --clips . -o in.y4m
refuses suite_unknown_codec 2 "h264" "$gvc" eval --suite suite.json --only-codecs h264
check report_is_made "$gvc" report suite.jsonl -o suite.html
check report_holds_curves grep -q '<svg class="chart"' suite.html
check report_holds_pictures grep -q 'data:image/jpeg' suite.html
check report_without_pictures bash -c "'$gvc' report suite.jsonl -o small.html --pictures off &&
    ! grep -q 'data:image/jpeg' small.html && grep -q '<svg class=\"chart\"' small.html"
refuses report_exists 2 "exists" "$gvc" report suite.jsonl -o suite.html
refuses report_of_something_else 3 "no results" "$gvc" report suite.json -o x.html
mkdir -p true/box found/box
for folder in true found; do
    ffmpeg -v error -f lavfi -i color=black:size=100x80 -vf \
        "drawbox=$([[ $folder = true ]] && echo 10 || echo 20):10:20:20:white:fill" \
        -frames:v 5 -pix_fmt gray $folder/box/%05d.png
done
check vos_of_equal_masks bash -c "'$gvc' eval vos --masks true --truth true --json |
    jq -e '.j_and_f == 1 and .f_recall == 1'"
check vos_of_moved_masks bash -c "'$gvc' eval vos --masks found --truth true --json |
    jq -e '(.j * 3 - 1 | fabs) < 0.001'"
refuses vos_without_truth 2 "folder" "$gvc" eval vos --masks found
mkdir -p videos long/box
ffmpeg -v error -loop 1 -i true/box/00001.png -frames:v 5 -c:v ffv1 videos/box.mkv
ffmpeg -v error -loop 1 -i true/box/00001.png -frames:v 7 -start_number 0 long/box/%05d.png
check vos_carries_masks bash -c "'$gvc' eval vos --truth true --video videos --json \
    --write-masks carried | jq -e '.objects == 1 and .j > 0.5'"
check vos_writes_masks test "$(find carried/box -name '*.png' | wc -l)" = 5
check vos_written_masks_are_found bash -c "'$gvc' eval vos --truth true --masks carried"
check vos_of_one_file "$gvc" eval vos --truth true/box --video videos/box.mkv --features squeezenet
check vos_takes_the_first_masks bash -c "'$gvc' eval vos --truth long --video videos 2>&1 |
    grep 'first 5 of 7'"
refuses vos_of_masks_and_video 2 "either" "$gvc" eval vos --truth true --masks found --video videos
refuses vos_without_video 3 "no video" "$gvc" eval vos --truth true --video found/box
refuses vos_of_another_size 7 "sizes differ" "$gvc" eval vos --truth true/box --video in.mkv
refuses vos_without_weights 5 "weights" "$gvc" eval vos --truth true --video videos \
    --model /nonexistent
sed 's/"name": "bars"/"name": "bars", "masks": "box"/' suite.json >masked.json
mkdir -p sized/box
ffmpeg -v error -i suite.mkv -vf 'drawbox=0:0:iw:ih:black:fill,drawbox=80:40:80:60:red:fill' \
    -frames:v 12 sized/box/%05d.png
masked() { "$gvc" eval --suite masked.json --clips . --cache cache -o masked.jsonl \
    --only-codecs x265 --json "$@"; }
check suite_with_masks bash -c "$(declare -f masked); gvc='$gvc'; masked --masks sized |
    jq -e '.vos | length > 0 and all(.original.j_and_f > 0)'"
check suite_without_masks bash -c "$(declare -f masked); gvc='$gvc'; masked --masks missing \
    2>&1 | grep 'no masks in missing/box'"
refuses suite_with_other_masks 7 "masks in true/box are" "$gvc" eval --suite masked.json \
    --clips . --cache cache -o masked.jsonl --only-codecs x265 --masks true
refuses mask_metric_without_weights 5 "segmentation network" "$gvc" eval in.mkv in.mkv \
    --metrics mask_voc --model /nonexistent
check eval_other_shapes bash -c "'$gvc' eval in.mkv in.mkv --metrics psnr_y,warp_error -q \
    --csv frames.csv --vmaf-json vmaf.json && jq -e '.frames | length == 70' vmaf.json &&
    test \$(wc -l <frames.csv) = 71"

# ---- machine-readable ----
check encode_json bash -c "'$gvc' encode in.y4m j.gvc --json --qp 8 |
    jq -e '.v == 1 and .type == \"result\" and .frames == 70 and .interrupted == false'"
check json_states_bytes_on_disk test "$("$gvc" encode in.y4m j.gvc -y --json --qp 8 | jq .bytes)" = \
    "$(stat -c %s j.gvc)"
"$gvc" encode in.y4m j.gvc -y --qp 8 --json >result.json
check overhead_as_inspect_states jq -en --slurpfile a result.json \
    --slurpfile b <("$gvc" inspect j.gvc --json) \
    '($a[0].overhead_share - $b[0].overhead_share | fabs) < 1e-4 and $a[0].bytes == $b[0].bytes'
check decode_json bash -c "'$gvc' decode j.gvc --md5 --json | jq -e '.v == 1 and .frames == 70'"
check inspect_json bash -c "'$gvc' inspect --packets j.gvc --json | jq -e .intact"
check doctor_json bash -c "'$gvc' doctor --json | jq -e '.v == 1 and (.models | length) > 0'"
check error_json bash -c "'$gvc' encode missing.mp4 --json 2>/dev/null |
    jq -e '.type == \"error\" and .code == 3'"
"$gvc" encode in.y4m j.gvc -y --progress json --qp 8 2>lines.txt
check progress_lines_are_json bash -c "jq -e '.v == 1 and (.type | IN(\"progress\", \"warning\",
    \"result\"))' lines.txt"
check progress_ends_with_result bash -c "tail -n 1 lines.txt | jq -e '.type == \"result\"'"
"$gvc" encode missing.mp4 x.gvc --progress json 2>lines.txt
check progress_ends_with_error bash -c "tail -n 1 lines.txt | jq -e '.type == \"error\" and .code == 3'"
check progress_error_is_all_json jq -e .v lines.txt
check quiet_is_quiet bash -c "test -z \"\$('$gvc' encode in.y4m j.gvc -y -q --frames 2 2>&1)\""

# ---- interrupt ----
# An endless pipe: the first signal ends it with a whole file.
mkfifo fifo
(ffmpeg -v quiet -re -f lavfi -i "testsrc=size=96x64:rate=$fps" -pix_fmt yuv420p -f yuv4mpegpipe \
    - >fifo 2>/dev/null) &
feeder=$!
"$gvc" encode - int.gvc --qp 20 --json <fifo >int.json 2>int.txt &
coder=$!
for _ in $(seq 100); do
    test -s int.gvc.part && break
    sleep 0.1
done
kill -INT $coder
wait $coder
check interrupt_exit_0 test $? = 0
kill $feeder 2>/dev/null
wait $feeder 2>/dev/null
check interrupt_said jq -e .interrupted int.json
check interrupted_file_decodes "$gvc" decode int.gvc --md5 -q

# The second signal ends the program at once; what was written stays.
ffmpeg -v error -f lavfi -i testsrc=size=320x240:rate=25 -t 40 -pix_fmt yuv420p large.y4m
"$gvc" encode large.y4m twice.gvc --qp 20 -q 2>/dev/null &
coder=$!
for _ in $(seq 600); do
    test -s twice.gvc.part && break
    sleep 0.1
done
kill -INT $coder
sleep 0.05
kill -INT $coder
wait $coder
check interrupted_twice_130 test $? = 130
check interrupted_twice_keeps_part "$gvc" decode twice.gvc.part --md5 --conceal -q
check interrupted_twice_no_file test ! -e twice.gvc

exit $failed
