/* What the cells of recurrent networks share, for shape rules and derivatives. */
#ifndef WG_CELL_H
#define WG_CELL_H

#include "ops/op.h"

/* E_DTYPE unless all operands have one floating-point dtype; E_SHAPE unless in[0] is (…,gates H). Sets unit to (…,H). */
wg_status wg_cell_unit(const wg_call *c, int64_t gates, wg_spec *unit);
/* True if t is absent or has unit's shape with the last extent n times as long. */
bool wg_cell_fits(const wg_tensor *t, const wg_spec *unit, int64_t n);
/* unit with the last extent n times as long. */
wg_spec wg_cell_widened(const wg_spec *unit, int64_t n);

/* t, or zeros of like's shape if t is absent. */
wg_tensor *wg_cell_value(wg_tensor *t, const wg_tensor *like);
/* Sets part to the n equal parts of t along its last axis, or to zeros of like's shape if t is absent. */
wg_status wg_cell_split(wg_tensor *t, size_t n, const wg_tensor *like, wg_tensor **part);
/* n tensors side by side along the last axis. */
wg_tensor *wg_cell_join(wg_tensor *const *part, size_t n);

/* u ∂/∂y of the slopes y (1 - y) of sigmoid and 1 - y² of tanh: u (1 - 2y) and -2 u y. */
wg_tensor *wg_sigmoid_curve(wg_tensor *y, wg_tensor *u);
wg_tensor *wg_tanh_curve(wg_tensor *y, wg_tensor *u);

/* A step of an LSTM to be differentiated: the gates after activation, c and tanh next. */
struct wg_lstm_step {
    wg_tensor *i, *f, *g, *o, *c, *t;
};
wg_status wg_lstm_step_of(wg_tensor *gates, wg_tensor *c, wg_tensor *next, struct wg_lstm_step *s);
/* The gradient of the gates before activation, from that of the gates after it alone. */
wg_tensor *wg_lstm_through_gates(wg_tensor *gates, wg_tensor *g);
/* The tangents of a step's results: tgates of the gates after activation, tnext and th, from u, those of the four gates before
   activation, and v, that of c. */
void wg_lstm_tangents(const struct wg_lstm_step *s, wg_tensor *const *u, wg_tensor *v, wg_tensor **tgates, wg_tensor **tnext,
                      wg_tensor **th);

#endif
