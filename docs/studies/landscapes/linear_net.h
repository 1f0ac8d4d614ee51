/* A linear network ŷ = W_n … W₁x of 4 inputs, 2 units in each hidden layer and 4 outputs, its loss mean ‖y - ŷ‖² on 60 rows, and the best
   linear map of rank 2, which is known: with R = Σyx Σxx⁻¹ (least squares) and the eigenvalues λᵢ and vectors uᵢ of R Σxy, each rank-2
   stationary map is (uᵢuᵢᵀ + uⱼuⱼᵀ)R, of the loss tr Σyy - λᵢ - λⱼ. */
#ifndef WG_STUDIES_LINEAR_NET_H
#define WG_STUDIES_LINEAR_NET_H

#include "../study.h"

enum { LINEAR_D = 4, LINEAR_RANK = 2 };

/* relu: between the layers, which then are linear no more. lambda ascends; u has uᵢ in column i. */
struct linear_net {
    wg_tensor *x, *y, *u, *r;
    double lambda[LINEAR_D], total; /* tr Σyy */
    bool relu;
};

/* Data of a random linear map with noise. linear_net_free in any case. */
bool linear_net_make(struct linear_net *of, uint64_t seed);
void linear_net_free(struct linear_net *of);

/* The loss; its context is a struct linear_net. */
wg_tensor *linear_net_loss(wg_tensor *const *w, size_t n, void *context);

#endif
