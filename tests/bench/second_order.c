/* Workload W10: the gradient of W2 without an update; a Hessian-vector product of W2's loss with respect to all its parameters;
   the whole Hessian of a 2-10-1 tanh network, 41 parameters on 64 points, f64. */
#include "bench.h"

/* ---- the gradient ---- */

static wg_status gradient(void *subject)
{
    struct classifier *c = subject;
    const wg_tensor_list params = wg_nn_parameters(c->net);
    for (size_t i = 0; i < params.n; i++)
        wg_clear_gradient(params.tensor[i]);
    WG_TAPE(tape);
    wg_tensor *loss = wg_cross_entropy(wg_nn_apply(c->net, c->x), c->labels);
    WG_TRY(subject_report(&c->base, loss));
    return wg_backward(loss);
}

static const struct classifier_settings w2_untrained = {w2_net, NULL, WG_DIMS(128, 784), 10};

const struct workload w10_grad = {.name = "W10_grad",
                                  .size = sizeof(struct classifier),
                                  .make = classifier_make,
                                  .step = gradient,
                                  .finish = classifier_finish,
                                  .settings = &w2_untrained};

/* ---- Hessian-vector products ---- */

enum { W2_PARAMETERS = 6 };

struct product {
    struct classifier of;
    wg_tensor *v[W2_PARAMETERS], *hv[W2_PARAMETERS]; /* the direction; the last step's result, or NULL */
};

static wg_status make_product(void *subject, const void *settings)
{
    struct product *p = subject;
    WG_TRY(classifier_make(subject, settings));
    const wg_tensor_list params = wg_nn_parameters(p->of.net);
    for (size_t i = 0; i < params.n; i++) {
        p->v[i] = drawn(&p->of.base, WG_F32, wg_shape_of(params.tensor[i]), -1.7320508075688772, 1.7320508075688772);
        if (!p->v[i])
            return failure();
    }
    p->of.base.result = p->hv, p->of.base.n_results = W2_PARAMETERS;
    return WG_OK;
}

static wg_tensor *loss_of(wg_tensor *const *params, size_t n, void *context)
{
    const struct product *p = context;
    return wg_cross_entropy(wg_nn_apply_with(p->of.net, (wg_tensor_list){.n = n, .tensor = params}, p->of.x), p->of.labels);
}

/* Frees the results of the previous step. */
static void clear_results(struct subject *s)
{
    for (size_t i = 0; i < s->n_results; i++) {
        wg_free(s->result[i]);
        s->result[i] = NULL;
    }
}

static wg_status hessian_product(void *subject)
{
    struct product *p = subject;
    wg_tensor *loss;
    clear_results(&p->of.base);
    WG_TRY(wg_hvp(loss_of, p, wg_nn_parameters(p->of.net).tensor, W2_PARAMETERS, p->v, &loss, NULL, p->hv));
    const wg_status status = subject_report(&p->of.base, loss);
    wg_free(loss);
    return status;
}

static void finish_product(void *subject)
{
    struct product *p = subject;
    clear_results(&p->of.base);
    for (int i = 0; i < W2_PARAMETERS; i++)
        wg_free(p->v[i]);
    classifier_finish(&p->of);
}

const struct workload w10_hvp = {.name = "W10_hvp",
                                 .size = sizeof(struct product),
                                 .make = make_product,
                                 .step = hessian_product,
                                 .finish = finish_product,
                                 .settings = &w2_untrained};

/* ---- a whole Hessian ---- */

enum { POINTS = 64, WEIGHTS = 41 };

struct network {
    struct subject base;
    wg_tensor *points, *targets, *p, *hessian;
};

static wg_status make_network(void *subject, const void *settings)
{
    struct network *n = subject;
    (void)settings;
    WG_TRY(subject_begin(&n->base, WG_F64));
    n->points = drawn(&n->base, WG_F64, WG_SHAPE(POINTS, 2), -1, 1);
    n->targets = drawn(&n->base, WG_F64, WG_SHAPE(POINTS, 1), -1, 1);
    n->p = drawn(&n->base, WG_F64, WG_SHAPE(WEIGHTS), -0.9, 0.9);
    n->base.result = &n->hessian, n->base.n_results = 1;
    return n->points && n->targets && n->p ? WG_OK : failure();
}

static wg_tensor *part(wg_tensor *p, int64_t from, int64_t to)
{
    return wg_slice(p, 0, from, to, 1);
}

static wg_tensor *squared_error(wg_tensor *const *p, size_t n_p, void *context)
{
    const struct network *n = context;
    (void)n_p;
    wg_tensor *inner = wg_reshape(part(p[0], 0, 20), WG_SHAPE(2, 10)), *outer = wg_reshape(part(p[0], 30, 40), WG_SHAPE(10, 1));
    wg_tensor *h = wg_tanh(wg_add(wg_matmul(n->points, inner), part(p[0], 20, 30)));
    return wg_mse(wg_add(wg_matmul(h, outer), part(p[0], 40, 41)), n->targets);
}

static wg_status whole_hessian(void *subject)
{
    struct network *n = subject;
    clear_results(&n->base);
    WG_TRY(wg_hessian(squared_error, n, &n->p, 1, &n->hessian));
    if (!n->base.report)
        return WG_OK;
    WG_TAPE(tape);
    return subject_report(&n->base, squared_error(&n->p, 1, n));
}

static void finish_network(void *subject)
{
    struct network *n = subject;
    clear_results(&n->base);
    wg_free(n->points), wg_free(n->targets), wg_free(n->p);
    subject_finish(&n->base);
}

const struct workload w10_hess = {
    .name = "W10_hess", .size = sizeof(struct network), .make = make_network, .step = whole_hessian, .finish = finish_network};
