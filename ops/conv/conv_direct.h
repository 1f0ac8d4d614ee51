/* Convolutions whose vectors lie along images: logically (N,C,H,W), in memory C, H, W, N. Operands that lie otherwise, or whose number
   of images is no multiple of WG_LANES, are brought into that order first, and results out of it. */
#ifndef WG_CONV_LANES_H
#define WG_CONV_LANES_H

#include "ops/conv/window_shape.h"

/* Sums over taps and channels: of from, times w, into to; bias may be NULL. Channels belong to groups, each with so many that are
   summed over (inputs) and so many of the result (outputs). relu: of what is not above 0 comes 0. spreads: to is the image of the
   windows, and from lies at their outputs; else the other way round. */
struct wg_correlation {
    const wg_tensor *from, *w, *to, *bias;
    struct wg_window rows, columns;
    int64_t groups, inputs, outputs;
    bool spreads, relu;
};

/* Along one axis, the taps that reach a place of the result, and the places that they look at: tap, tap + tap_step, … look at place,
   place + place_step, … */
struct wg_taps {
    int64_t tap, tap_step, place, place_step, count;
};
/* For each place of the result: each output of w's windows, or with spreads each place of their image. */
void wg_find_taps(const struct wg_window *w, bool spreads, struct wg_taps *taps);

/* Sums over images and outputs of windows: of x times y, which lies at the outputs, for every tap, into w. */
struct wg_pairing {
    const wg_tensor *x, *y, *w;
    struct wg_window rows, columns;
    int64_t groups, inputs, outputs;
};

wg_status wg_correlate_f32(const struct wg_correlation *c);
wg_status wg_correlate_f64(const struct wg_correlation *c);
wg_status wg_pair_f32(const struct wg_pairing *p);
wg_status wg_pair_f64(const struct wg_pairing *p);
#if defined(__x86_64__)
wg_status wg_correlate_f32_avx2(const struct wg_correlation *c);
wg_status wg_correlate_f64_avx2(const struct wg_correlation *c);
wg_status wg_pair_f32_avx2(const struct wg_pairing *p);
wg_status wg_pair_f64_avx2(const struct wg_pairing *p);
wg_status wg_correlate_f32_avx512(const struct wg_correlation *c);
wg_status wg_correlate_f64_avx512(const struct wg_correlation *c);
wg_status wg_pair_f32_avx512(const struct wg_pairing *p);
wg_status wg_pair_f64_avx512(const struct wg_pairing *p);
#endif

#endif
