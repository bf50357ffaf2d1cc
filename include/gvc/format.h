/* Recognising GVC streams: what a player, a container or a file manager needs without a decoder.
 *
 * Plain C, no state, no allocation, thread-safe. The format itself is described in docs/format.md.
 */
#ifndef GVC_FORMAT_H_
#define GVC_FORMAT_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FourCC in containers (Matroska's V_MS/VFW/FOURCC). */
#define GVC_FOURCC "GVC1"

typedef enum gvc_probe_result {
    GVC_PROBE_OK = 0,
    GVC_PROBE_NEED_MORE = 1,   /* the beginning is right, but the first packet goes on */
    GVC_PROBE_NOT_GVC = 2,     /* no intact packet with a sequence header at the beginning */
    GVC_PROBE_UNSUPPORTED = 3, /* a GVC stream of another format version or with unknown features */
    GVC_PROBE_RESULT_COUNT = 4
} gvc_probe_result;

typedef struct gvc_stream_info {
    uint32_t width, height;  /* displayed, before rotation */
    uint32_t frame_rate_num; /* nominal frames a second */
    uint32_t frame_rate_den;
    uint32_t ticks_per_frame;   /* a timestamp unit is den / (num * ticks_per_frame) seconds */
    uint32_t sample_aspect_num; /* 1:1 if the stream says nothing */
    uint32_t sample_aspect_den;
    uint64_t fingerprint; /* of the weights that the stream needs */
    uint8_t format_major, format_minor;
    uint8_t bit_depth;                               /* 8, 10 or 12 */
    uint8_t primaries, transfer, matrix, full_range; /* codes of ITU-T H.273 */
    uint8_t rotation;                                /* quarter turns clockwise */
    uint8_t mirrored;
    uint8_t generated; /* the pictures are made by a generative decoder */
} gvc_stream_info;

/* Looks at the first size bytes of a stream, or at a sequence header alone (the private data of a
 * container). Fills *info if the result is GVC_PROBE_OK, else leaves it as it is. */
gvc_probe_result gvc_probe(const uint8_t* data, size_t size, gvc_stream_info* info);

/* "ok", "need more", "not gvc", "unsupported". */
const char* gvc_probe_result_name(gvc_probe_result result);

#ifdef __cplusplus
}
#endif

#endif /* GVC_FORMAT_H_ */
