/* Least squares: the loss, and its minimum by the normal equations. */
#ifndef WG_STUDIES_LEAST_SQUARES_H
#define WG_STUDIES_LEAST_SQUARES_H

#include <wengert.h>

/* ½ mean (x w - y)², of x (m, n), w (n, 1), y (m, 1), on the open tape. */
wg_tensor *least_squares_loss(wg_tensor *x, wg_tensor *y, wg_tensor *w);

/* The w of the smallest loss, the caller's. Called with no tape open. */
wg_tensor *least_squares_solution(wg_tensor *x, wg_tensor *y);

#endif
