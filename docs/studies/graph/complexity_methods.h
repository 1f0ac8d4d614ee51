/* Ways to compute one gradient, with the operations that each performs. For the studies complexity, naive_gradient
   and backward_cost.

   The function is L = (t - βᵀ h_k)² with h_j = tanh(W_j h_{j-1}) and h_0 = x: k layers of H neurons, W_j of shape (H, H), β of H
   elements. Its parameters are W_1 … W_k and β. An operation is an addition, a multiplication, a division, a comparison or a call of
   tanh, each counted as one. */
#ifndef WG_STUDIES_COMPLEXITY_METHODS_H
#define WG_STUDIES_COMPLEXITY_METHODS_H

#include <stdbool.h>
#include <stdint.h>

#include <wengert.h>

enum { MAX_LAYERS = 64, TARGET = 1 };

/* weight[0..k) are (H, H), weight[k] is β, (H, 1); x is (H, 1); all f64. */
struct network {
    int k, h;
    wg_tensor *weight[MAX_LAYERS + 1], *x;
};

bool network_make(struct network *net, int k, int h, uint64_t seed); /* random values; NULL members on failure */
void network_free(struct network *net);
int64_t network_parameters(const struct network *net); /* their elements: k H² + H */

/* Operations of one gradient. forward and backward are the parts of a tape, products the part in matrix products with a W_j. */
struct operations {
    double total, forward, backward, forward_products, backward_products;
};

/* L of the parameters weight[0..k]. */
wg_tensor *loss_of(wg_tensor *const *weight, int k, wg_tensor *x);

/* Adds the costs of a tape to done. False: the library failed, or a cost is unknown. */
bool count_tape(const wg_tape *tape, struct operations *done);

/* Gradients of weight[first..first + n) in one backward pass. The others are constants. */
bool backward(const struct network *net, int first, int n, double *gradient, struct operations *done);

/* The methods. */
bool backprop(const struct network *net, double *gradient, struct operations *done);
bool separate(const struct network *net, double *gradient, struct operations *done);
bool equations(const struct network *net, double *gradient, struct operations *done);
bool paths(const struct network *net, double *gradient, struct operations *done);
bool forward_mode(const struct network *net, double *gradient, struct operations *done);
bool differences(const struct network *net, double *gradient, struct operations *done);

/* A method. run fills gradient, all parameters one after the other in row-major order, and counts what it does; closed_form is what
   the count must be. tolerance: of the gradient, relative to the largest element of the gradient of the same parameter. */
struct method {
    const char *name, *label;
    bool (*run)(const struct network *net, double *gradient, struct operations *done);
    double (*closed_form)(double k, double h);
    double tolerance;
};

enum { BACKPROP, EQUATIONS, SEPARATE, PATHS, FORWARD_MODE, DIFFERENCES, N_METHODS };
extern const struct method methods[N_METHODS];

/* The parts of BACKPROP and of SEPARATE. */
double forward_operations(double k, double h);
double backward_operations(double k, double h);
double separate_backward_operations(double k, double h);

#endif
