/* Convolutions with SIMD vectors along images: logically (N,C,H,W), in memory C, H, W, N. Operands in another memory order, or
   whose number of images is not a multiple of WG_LANES, are first copied into that order, and results are copied back. */
#ifndef WG_CONV_DIRECT_H
#define WG_CONV_DIRECT_H

#include "ops/conv/window_shape.h"

/* A correlation: to = bias + Σ w from, summed over taps and channels; bias may be NULL. Each group has `inputs` channels that
   are summed over and `outputs` channels of the result. relu: results ≤ 0 become 0. spreads: to is the image and from holds the
   windows' outputs (transposed convolution); otherwise from is the image. */
struct wg_correlation {
    const wg_tensor *from, *w, *to, *bias;
    struct wg_window rows, columns;
    int64_t groups, inputs, outputs;
    bool spreads, relu;
};

/* The terms of one index of the result, along one axis: tap number tap + i tap_step of the window is multiplied by the element of the
   operand at index place + i place_step, for 0 ≤ i < count. */
struct wg_taps {
    int64_t tap, tap_step, place, place_step, count;
};
/* Fills one entry for each index of the result: for each output of w's windows or, with spreads, for each position of the image. */
void wg_find_taps(const struct wg_window *w, bool spreads, struct wg_taps *taps);

/* The gradient with respect to the kernel: w = Σ x y for each tap, summed over images and the outputs of windows; y has one
   element per output. */
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
