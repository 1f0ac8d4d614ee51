/* What a module is inside. The parameters of a module and of all its children are one flat list of slots, the module's own first: a
   forward function finds its own at the front and each child's behind, and the same path runs on other parameters than the module's.
   A tensor that several modules share has a slot in each. */
#ifndef NN_MODULE_H
#define NN_MODULE_H

#include "wengert/nn.h"

/* The tensors of a list, each once, in the order of their first slots. */
struct distinct {
    size_t n, capacity;
    wg_tensor **tensor;
    const char **name;  /* borrowed from the list */
    size_t *of_slot;    /* for each slot of the list: which of them it holds */
    struct slot *order; /* workspace: the slots sorted by tensor */
};

struct list {
    size_t n, own, capacity; /* slots: all, and the module's own, which stand first */
    wg_tensor **tensor;
    char **name;
    struct distinct distinct; /* n is 0 unless a tensor may have several slots */
};

/* The answer to a question, such as the parameters that match a pattern: its entries are borrowed. Each question has a list of its
   own, so that two answers can be used at once. */
struct lent {
    struct lent *next;
    struct list list;
    char question[];
};

struct child {
    wg_nn_module *module;
    char *name;
    size_t first_param, first_buffer; /* where its lists begin in the parent's, counted from the end of the parent's own */
};

struct wg_nn_module {
    const struct wg_nn_kind *kind;
    const wg_option_table *table; /* of its options; NULL: there are none */
    void *options, *context;
    struct list params, buffers;
    struct child *children;
    size_t n_children;
    int depth;          /* 1 without children */
    void *names;        /* search tree of the names of its own tensors and its children, until it is a child itself */
    struct lent *lent;  /* what wg_nn_state and its like return, one for each question that was asked */
    wg_nn_module *next; /* while a tree is being destroyed */
    bool is_child;
};

/* What is written down of a module while a network is applied (wg_nn_print, wg_nn_apply_watched).
   note: called after the module's forward function, and fails the call. child: the record of child number index. */
struct wg_nn_record {
    wg_status (*note)(struct wg_nn_record *record, const wg_nn_call *call);
    struct wg_nn_record *(*child)(struct wg_nn_record *record, size_t index);
};

/* ---- list.c ---- */

/* Capacity for more slots, and for as many again as there are; on failure the list is as it was. */
bool nn_list_reserve(struct list *list, size_t more);
void nn_list_insert_own(struct list *list, wg_tensor *t, char *name); /* behind the module's own; takes name over */
bool nn_list_append(struct list *list, const struct list *child, const char *child_name); /* false: the list is as it was */
void nn_list_cut(struct list *list, size_t n);
void nn_list_free(struct list *list); /* disowns the module's own tensors */
char *nn_path(const char *prefix, const char *name);

void nn_lent_free(struct lent *first);

/* Memory for the distinct tensors of a list of that many slots; then finding them cannot fail. */
bool nn_distinct_reserve(struct list *list, size_t slots);
void nn_distinct_find(struct list *list);

/* ---- module.c ---- */

wg_status nn_null_argument(const char *op, const char *what); /* records that it is NULL */
wg_status nn_no_memory(const char *op);
wg_status nn_first_error(wg_status otherwise); /* the code of the first error that is recorded */
uint64_t nn_count_errors(void);
/* WG_OK if t has a shape; else an error that begins with op and says what t is, "input %zu of %s", a format. */
wg_status nn_check_handle(const wg_tensor *t, const char *op, const char *what, ...) __attribute__((format(printf, 3, 4)));
/* Likewise, unless t has a value. */
wg_status nn_check_value(const wg_tensor *t, const char *op, const char *what, ...) __attribute__((format(printf, 3, 4)));
/* An error of an op, recorded since nn_count_errors was `before`, gets the name of what the program called: "nn_linear: uniform: ...". That
   of a function of nn has one. */
void nn_name_error(uint64_t before, const char *op);
/* *seed, or, for WG_NO_SEED, one that is drawn from this thread's generator. */
wg_status nn_seed(uint64_t *seed);
/* Returns to, which was made from `from`: that is given back, to its tape or, with no tape open, by wg_free. For ops one after another that
   run in constructors. */
wg_tensor *nn_then(wg_tensor *from, wg_tensor *to);
/* A module without parameters, its options copied; kind->build does not run. */
wg_nn_module *nn_module_new(const struct wg_nn_kind *kind, const wg_option_table *table, const void *options, void *context,
                            const char *op);
/* wg_nn_module_create, with the table of options given; op is the name that messages begin with. */
wg_nn_module *nn_create(const struct wg_nn_kind *kind, const wg_option_table *table, const void *options, void *context,
                        const char *op);

/* ---- parameters.c ---- */

/* The slot of the parameter of that name; params.n if there is none, which is recorded. */
size_t nn_slot_of(const wg_nn_module *module, const char *name, const char *op);

/* ---- vector.c ---- */

/* That there are parameters, of one dtype, with how many elements. */
wg_status nn_check_params(wg_tensor_list list, int64_t *elements, const char *op);
/* The 2-norm of each w[i, …] along an axis, of w's rank with extents of 1 but there. */
wg_tensor *nn_norm_along(wg_tensor *w, int axis);

/* ---- apply.c ---- */

/* Applies a network, and notes what each of its modules returned. op: what the program called. */
wg_status nn_apply_recorded(const wg_nn_module *net, wg_tensor *const *in, size_t n_in, wg_tensor **out, size_t n_out,
                            struct wg_nn_record *record, const char *op);

/* ---- layers.c ---- */

/* Computes two layers in one op, with the parameters of the first. */
typedef wg_tensor *nn_fused(const wg_nn_call *call, wg_tensor *x);
nn_fused *nn_fusion_of(const struct wg_nn_kind *first, const struct wg_nn_kind *second); /* NULL: there is none */
double nn_gain_of(wg_activation activation);

#endif
