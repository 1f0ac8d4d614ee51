/* The list of minimizers: from each entry of minimizers.def its table of options and its constructor. */
#include "kind.h"

static const char *const wg_minimize_search_names[] = {"none", "backtracking", "strong_wolfe", NULL};
static const char *const wg_minimize_beta_names[] = {"polak_ribiere", "fletcher_reeves", "hestenes_stiefel", "dai_yuan", NULL};
static const char *const wg_minimize_order_names[] = {"cyclic", "greedy", NULL};

#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_INT(name, preset, help, ...) WG_OPTION_INT_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_BOOL(name, preset, help) WG_OPTION_BOOL_OF(options_type, name, preset, help),
#define WG_CHOICE(name, preset, help, type) WG_OPTION_CHOICE_OF(options_type, name, preset, help, type##_names),
#define WG_MINIMIZER(name, ...) ENTRY(name, false, __VA_ARGS__)
#define WG_LEAST_SQUARES(name, ...) ENTRY(name, true, __VA_ARGS__)
#define ENTRY(name, residuals, ...)                                                                                       \
    extern const struct minimize_kind minimize_##name##_kind;                                                             \
    static wg_option_table name##_table(void)                                                                             \
    {                                                                                                                     \
        typedef wg_minimize_##name##_options options_type;                                                                \
        static const wg_option option[] = {__VA_ARGS__};                                                                  \
        return (wg_option_table){option, sizeof option / sizeof *option, sizeof(options_type)};                           \
    }                                                                                                                     \
    wg_minimizer *wg_minimize_##name##_with(wg_tensor_list params, wg_minimize_##name##_options options_)                 \
    {                                                                                                                     \
        return minimize_create(&minimize_##name##_kind, residuals, name##_table(), params, &options_, "minimize_" #name); \
    }
#include "wengert/minimizers.def"
