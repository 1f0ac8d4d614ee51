/* The network whose landscape several studies look at: tanh layers that learn the outputs of another such network (its teacher) from 64
   rows of Gaussian inputs, with the mean squared error as the loss, in f64. */
#ifndef WG_STUDIES_TEACHER_NET_H
#define WG_STUDIES_TEACHER_NET_H

#include "../study.h"

struct teacher_net {
    wg_nn_module *net;
    wg_tensor *x, *y;
    wg_study_loss loss; /* its context is this struct */
};

/* Large: 32-90-20-10, 5,000 parameters; else 32-22-8-10, 1,000. teacher_net_free in any case. */
bool teacher_net_make(struct teacher_net *of, bool large, uint64_t seed);
void teacher_net_free(struct teacher_net *of);

/* So many steps of gradient descent on all rows. */
bool teacher_net_train(struct teacher_net *of, double rate, int steps);

/* The largest eigenvalue of the loss's Hessian; NaN on failure. */
double teacher_net_curvature(const struct teacher_net *of);

#endif
