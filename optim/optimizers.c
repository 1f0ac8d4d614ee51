/* The list of optimizers: from each entry of optimizers.def its table of options and its constructor. */
#include "rule/rule.h"

#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_BOOL(name, preset, help) WG_OPTION_BOOL_OF(options_type, name, preset, help),
#define WG_OPTIMIZER(name, options)                                                                                \
    extern const struct optim_rule optim_##name##_rule;                                                            \
    static wg_option_table name##_table(void)                                                                      \
    {                                                                                                              \
        typedef wg_optim_##name##_options options_type;                                                            \
        static const wg_option option[] = {options};                                                               \
        return (wg_option_table){option, sizeof option / sizeof *option, sizeof(options_type)};                    \
    }                                                                                                              \
    wg_optim *wg_optim_##name##_with(wg_tensor_list params, wg_optim_##name##_options options_)                    \
    {                                                                                                              \
        return optim_create(&optim_##name##_rule, name##_table(), params, &options_, options_.keep_grads, NULL, 0, \
                            "optim_" #name);                                                                       \
    }
#include "wengert/optimizers.def"
