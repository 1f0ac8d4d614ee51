/* What a minimizer is beside its options: its method, which sees the parameters as one vector of n doubles and asks for values,
   gradients and products at points. */
#ifndef OPTIM_MINIMIZE_KIND_H
#define OPTIM_MINIMIZE_KIND_H

#include "vector.h"
#include "wengert/error.h"
#include "wengert/minimize.h"
#include "wengert/options.h"

struct work;
struct state_writer;
struct state_reader;
enum { MAX_STATE_TENSORS = 8 };

/* state: what the minimizer keeps from call to call, or NULL. A method works on a copy, which replaces the state if the call succeeds. */
struct minimize_kind {
    const char *name;
    bool products; /* it uses Hessian-vector products, which may be of a sample of their own */
    wg_status (*check)(const void *options, const char *op);            /* of options that fit only together; or NULL */
    wg_status (*run)(struct work *w, const void *options, void *state); /* from w->x to w->x */
    /* Of a minimizer that keeps something: a copy, or, of NULL, a fresh state (NULL: no memory); free accepts NULL; load fills a fresh one. */
    void *(*state_copy)(const void *state, int64_t n);
    void (*state_free)(void *state);
    void (*state_save)(const void *state, struct state_writer *w);
    void (*state_load)(void *state, struct state_reader *r);
};

struct wg_minimizer {
    wg_tensor *saved[MAX_STATE_TENSORS]; /* of wg_minimize_state */
    const char *saved_name[MAX_STATE_TENSORS];
    size_t n_saved;
    const struct minimize_kind *kind;
    wg_option_table table;
    void *options, *state;
    size_t n_params;
    wg_tensor **tensor, **borrowed, **part; /* part: one for each parameter, for whoever needs them */
    int64_t size;                           /* elements of all parameters */
    wg_minimize_watcher *watcher;           /* NULL: none */
    void *watching;                         /* its context */
    bool running, residuals;                /* residuals: the function gives residuals r; f = Σ r²/2 */
};

/* One call of wg_minimize_run. */
struct work {
    const char *op; /* for messages */
    wg_minimizer *m;
    wg_function *function;
    void *context, *sample;  /* sample: the context of Hessian-vector products, if sampled */
    bool sampled, at_sample; /* at_sample: the open evaluation is the sample's */
    int64_t n;
    double *x;        /* the accepted point; a method ends with the parameters' last values here */
    double *start;    /* where the call began */
    double *position; /* what the parameters are now */
    wg_minimize_result result;
    struct block *blocks; /* work_vector's */
    wg_status status;     /* of the watcher's call, if it failed */
    /* Of the last evaluation, on a tape that is open until the next. */
    bool opened, reached; /* reached: f depends on a parameter */
    wg_tape *tape;
    wg_tensor *y, *gradient; /* gradient: f64 (n), recorded if products were asked for */
    int64_t residuals;       /* their number, 0 before the first evaluation */
    bool recorded, grad_mode, train_mode;
};

/* A minimizer with a copy of options, which are checked. op: the constructor, for messages. */
wg_minimizer *minimize_create(const struct minimize_kind *kind, bool residuals, wg_option_table table, wg_tensor_list params,
                              const void *options, const char *op);

void minimize_drop_saved(wg_minimizer *m);

/* Zeros, which end with the call. NULL and the error: no memory. */
double *work_vector(struct work *w, int64_t n);
double *work_matrix(struct work *w, int64_t rows, int64_t columns);

/* ---- evaluations ---- */

/* The parameters as a vector; its elements rounded to their dtypes; and the reverse of the first, rounded. */
wg_status work_position(struct work *w, double *x);
void work_round(const struct work *w, double *x);
wg_status work_move(struct work *w, double *x);

/* f at x, whose elements are rounded to the parameters' dtypes. It may be infinite or NaN. */
wg_status work_value(struct work *w, double *x, double *f);

/* The gradient where f was evaluated last. */
wg_status work_gradient(struct work *w, double *g);

/* Of least squares: the residuals there, and vᵀ J as one tensor, f64 (n), for a v like the residuals; E_NO_GRAD unless a backward pass has come
   to a parameter. */
wg_status work_residuals(struct work *w, double *r);
wg_tensor *work_vjp(struct work *w, wg_tensor *y, wg_tensor *v, bool recorded);
wg_status work_reached(const struct work *w);

/* H v there, if work_record was called before work_gradient; of the sample, if there is one, at w->x or where work_sample was called. */
void work_record(struct work *w);
wg_status work_sample(struct work *w, double *x, double *g);
wg_status work_product(struct work *w, const double *v, double *product);

/* f and g at w->x, where the call begins: E_NUMERIC if they are not finite. Sets the result's first and f. */
wg_status work_first(struct work *w, double *f, double *g);

/* The result's f and gradient_norm are those at w->x: tells the watcher. True: the call ends here, stopped or with w->status. */
bool work_watch(struct work *w);

/* Closes the tape of the last evaluation. */
void work_close(struct work *w);

/* ---- searches along a line ---- */

/* Along d from w->x, where f and its slope gᵀd are known. */
struct along {
    struct work *w;
    const double *d;
    double t, *trial, *spare;            /* of the last evaluation; x + t d; a vector for whoever needs it */
    double *gradient[WG_MINIMIZE_SLOTS]; /* at the points that the search keeps */
};

wg_status along_init(struct along *a, struct work *w, const double *d); /* d: where directions will be */

/* trial ← x + t d, f there, and unless g is NULL the gradient. */
wg_status along_evaluate(struct along *a, double t, double *f, double *g);

/* x ← x + t d, rounded as the evaluation was. */
void along_accept(struct along *a, double t);

/* The searches of the header along d. strong_wolfe leaves the accepted point's gradient in g, unless step->t is 0; backtracking leaves
   the evaluation of the accepted point open, unless step->found is false, and g is not touched. The options' length is set here. */
wg_status along_strong_wolfe(struct along *a, double f, double slope, double *g, wg_minimize_step *step,
                             wg_minimize_strong_wolfe_options options);
wg_status along_backtracking(struct along *a, double f, double slope, wg_minimize_step *step,
                             wg_minimize_backtracking_options options);

/* The searches themselves, on any function, without checks. */
wg_status search_backtracking(wg_minimize_line *line, void *context, double f, double slope, wg_minimize_step *result,
                              const wg_minimize_backtracking_options *o);
wg_status search_strong_wolfe(wg_minimize_line *line, void *context, double f, double slope, wg_minimize_step *result,
                              const wg_minimize_strong_wolfe_options *o);

#endif
