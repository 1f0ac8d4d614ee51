/* Initialisation of tensors: the list of rules, their options and checks, and what rules share. */
#include "init.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* ---- the list ---- */

static const char *const wg_fan_names[] = {"in", "out", NULL};

const char *const wg_init_rule_names[] = {
#define WG_INIT_EACH(name, NAME) #name,
#include "wengert/init.def"
    NULL};

#define WG_INIT_EACH(rule, NAME) extern const struct nn_init_kind nn_init_##rule##_kind;
#include "wengert/init.def"

/* A function for each rule that gives the table of its options. */
#define WG_VALUE(name, help, ...) WG_OPTION_(options_type, name, WG_OPTION_REAL, true, 0, NULL, help, __VA_ARGS__),
#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_INT(name, preset, help, ...) WG_OPTION_INT_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_CHOICE(name, preset, help, type) WG_OPTION_CHOICE_OF(options_type, name, preset, help, type##_names),
#define TABLE(rule, ...)                                                                        \
    static wg_option_table table_of_##rule(void)                                                \
    {                                                                                           \
        typedef wg_init_##rule##_options options_type;                                          \
        static const wg_option option[] = {__VA_ARGS__};                                        \
        return (wg_option_table){option, sizeof option / sizeof *option, sizeof(options_type)}; \
    }
#define NO_TABLE(rule)                           \
    static wg_option_table table_of_##rule(void) \
    {                                            \
        return (wg_option_table){NULL, 0, 0};    \
    }
#define WG_INIT(rule, NAME, options) TABLE(rule, options)
#define WG_INIT_FIXED(rule, NAME, options) TABLE(rule, options)
#define WG_INIT_PLAIN(rule, NAME) NO_TABLE(rule)
#define WG_INIT_FIXED_PLAIN(rule, NAME) NO_TABLE(rule)
#include "wengert/init.def"

static const struct rule {
    const char *op; /* that of its function */
    const struct nn_init_kind *kind;
    wg_option_table (*table)(void);
} rules[] = {
#define WG_INIT_EACH(rule, NAME) {"init_" #rule, &nn_init_##rule##_kind, table_of_##rule},
#include "wengert/init.def"
};
enum { RULES = sizeof rules / sizeof *rules };

/* Memory for the options of any rule. */
union any_options {
    int none;
#define WG_INIT(rule, NAME, options) wg_init_##rule##_options rule;
#define WG_INIT_FIXED(rule, NAME, options) wg_init_##rule##_options rule;
#include "wengert/init.def"
};

/* ---- a rule with its options ---- */

static wg_status check_shape(const struct rule *rule, const struct nn_init *init)
{
    const struct nn_init_kind *kind = rule->kind;
    const int rank = init->shape.rank;
    char text[200];
    const bool fits = kind->max_rank == 0 || (rank >= kind->min_rank && rank <= kind->max_rank);
    if (fits && (!kind->of_weight || (nn_init_fan(init, WG_FAN_IN) > 0 && nn_init_fan(init, WG_FAN_OUT) > 0)))
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, init->op, "%s: expected %s, got %s", init->op, kind->expected,
                        wg_shape_text(init->shape, text, sizeof text));
}

static wg_tensor *make(const struct rule *rule, const struct nn_init *init)
{
    const wg_option_table table = rule->table();
    if (!init->generator) {
        (void)wg_error_set(WG_E_NULL, init->op, "%s: the generator is NULL", init->op);
        return NULL;
    }
    if (init->dtype != WG_F32 && init->dtype != WG_F64) {
        (void)wg_error_set(WG_E_DTYPE, init->op, "%s: expected f32 or f64, got %s", init->op, wg_dtype_name(init->dtype));
        return NULL;
    }
    if ((table.n > 0 && wg_options_check(table, init->options, init->op) != WG_OK) || check_shape(rule, init) != WG_OK)
        return NULL;
    const uint64_t before = nn_count_errors();
    wg_tensor *made = rule->kind->make(init);
    nn_name_error(before, init->op);
    return made;
}

/* t ← what the rule makes. */
static wg_status assign_made(wg_tensor *t, wg_tensor *generator, const struct rule *rule, const void *options)
{
    if (!t)
        return wg_error_set(WG_E_NULL, rule->op, "%s: the tensor is NULL", rule->op);
    WG_TRY(nn_check_value(t, rule->op, "the tensor"));
    const struct nn_init init = {rule->op, wg_dtype_of(t), wg_shape_of(t), generator, options};
    wg_tensor *values = make(rule, &init), *own = values ? wg_own(values) : NULL;
    if (!own)
        return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
    const wg_status status = wg_assign(t, own);
    wg_free(own);
    return status;
}

static wg_status fill(wg_tensor *t, wg_tensor *generator, const struct rule *rule, const void *options)
{
    const uint64_t before = nn_count_errors();
    const wg_status status = assign_made(t, generator, rule, options);
    nn_name_error(before, rule->op);
    return status;
}

#define WG_INIT(rule, NAME, options)                                                                        \
    wg_status wg_init_##rule##_with(wg_tensor *t, wg_tensor *generator_, wg_init_##rule##_options options_) \
    {                                                                                                       \
        return fill(t, generator_, &rules[WG_INIT_##NAME], &options_);                                      \
    }
#define WG_INIT_FIXED(rule, NAME, options)                                           \
    wg_status wg_init_##rule##_with(wg_tensor *t, wg_init_##rule##_options options_) \
    {                                                                                \
        return fill(t, WG_NONE, &rules[WG_INIT_##NAME], &options_);                  \
    }
#define WG_INIT_PLAIN(rule, NAME)                                \
    wg_status wg_init_##rule(wg_tensor *t, wg_tensor *generator) \
    {                                                            \
        return fill(t, generator, &rules[WG_INIT_##NAME], NULL); \
    }
#define WG_INIT_FIXED_PLAIN(rule, NAME)                        \
    wg_status wg_init_##rule(wg_tensor *t)                     \
    {                                                          \
        return fill(t, WG_NONE, &rules[WG_INIT_##NAME], NULL); \
    }
#include "wengert/init.def"

/* ---- a rule that is known to the program only, with options of all rules ---- */

#define X(name) {#name, offsetof(wg_init_options, name)},
static const struct {
    const char *name;
    size_t offset;
} all_options[] = {WG_INIT_LIST_(X)};
#undef X
enum { ALL_OPTIONS = sizeof all_options / sizeof *all_options };

bool nn_option_is_set(double value)
{
    const double not_set = WG_NOT_SET;
    return memcmp(&value, &not_set, sizeof value) != 0;
}

static const wg_option *find_option(wg_option_table table, const char *name)
{
    for (size_t i = 0; i < table.n; i++)
        if (strcmp(table.option[i].name, name) == 0)
            return &table.option[i];
    return NULL;
}

bool nn_init_has_gain(wg_init_rule rule)
{
    return (size_t)rule < RULES && find_option(rules[rule].table(), "gain");
}

/* The rule's own options, from those that are given. */
static wg_status gather(wg_init_rule rule, const wg_init_options *options, union any_options *own, const char *op)
{
    const wg_option_table table = rules[rule].table();
    const char *name = wg_init_rule_names[rule];
    double value;
    if (table.n > 0)
        wg_options_reset(table, own);
    for (size_t i = 0; i < ALL_OPTIONS; i++) {
        const wg_option *option = find_option(table, all_options[i].name);
        memcpy(&value, (const char *)options + all_options[i].offset, sizeof value);
        if (!nn_option_is_set(value)) {
            if (option && option->required)
                return wg_error_set(WG_E_ARGUMENT, op, "%s: the rule %s requires .%s (%s)", op, name, option->name, option->help);
        } else if (option) {
            WG_TRY(wg_options_set(table, own, option->name, value, op));
        } else if (strcmp(all_options[i].name, "gain") != 0 || value != 1) {
            return wg_error_set(WG_E_ARGUMENT, op, "%s: the rule %s has no option %s, got .%s = %g", op, name, all_options[i].name,
                                all_options[i].name, value);
        }
    }
    return WG_OK;
}

static wg_status check_rule(wg_init_rule rule, const char *op)
{
    return (size_t)rule < RULES ? WG_OK : wg_error_set(WG_E_ARGUMENT, op, "%s: there is no rule %d", op, (int)rule);
}

wg_tensor *wg_init_tensor_with(wg_dtype dtype, wg_shape shape, wg_tensor *generator, wg_init_rule rule, wg_init_options options)
{
    const char *op = "init_tensor";
    union any_options own;
    if (check_rule(rule, op) != WG_OK || gather(rule, &options, &own, op) != WG_OK)
        return NULL;
    return make(&rules[rule], &(struct nn_init){rules[rule].op, dtype, shape, generator, &own});
}

wg_status wg_init_by_with(wg_tensor *t, wg_tensor *generator, wg_init_rule rule, wg_init_options options)
{
    const char *op = "init_by";
    union any_options own;
    WG_TRY(check_rule(rule, op));
    WG_TRY(gather(rule, &options, &own, op));
    return fill(t, generator, &rules[rule], &own);
}

/* ---- what rules share ---- */

double nn_init_fan(const struct nn_init *init, wg_fan fan)
{
    double product = 1;
    for (int i = 0; i < init->shape.rank; i++)
        if (i != (fan == WG_FAN_IN ? 0 : 1))
            product *= (double)init->shape.extent[i];
    return product;
}

bool nn_init_are_numbers(const struct nn_init *init, double largest, const char *what)
{
    if (largest <= (init->dtype == WG_F32 ? FLT_MAX : DBL_MAX))
        return true;
    (void)wg_error_set(WG_E_ARGUMENT, init->op, "%s: expected %s whose weights are %s numbers, got weights of up to %g", init->op,
                       what, wg_dtype_name(init->dtype), largest);
    return false;
}

double nn_init_largest_draw(double mean, double deviation)
{
    return fabs(mean) + 10 * deviation;
}

static bool is_drawable(const struct nn_init *init, double deviation)
{
    return nn_init_are_numbers(init, nn_init_largest_draw(0, deviation), "a gain");
}

wg_tensor *nn_init_normal(const struct nn_init *init, double deviation)
{
    return is_drawable(init, deviation) ? wg_normal(init->generator, init->dtype, init->shape, 0, deviation) : NULL;
}

wg_tensor *nn_init_uniform(const struct nn_init *init, double deviation)
{
    const double bound = sqrt(3) * deviation;
    return is_drawable(init, deviation) ? wg_uniform(init->generator, init->dtype, init->shape, -bound, bound) : NULL;
}

wg_tensor *nn_init_identity(wg_dtype dtype, int64_t rows, int64_t columns)
{
    const int64_t n = rows < columns ? rows : columns;
    wg_tensor *ones = wg_ones(dtype, WG_SHAPE(n)), *square = nn_then(ones, wg_diag(ones));
    return nn_then(square, wg_pad(square, WG_SIZES(0, 0), WG_SIZES(rows - n, columns - n), 0));
}
