/* The list of schedules: from each entry of schedules.def its table of options and its constructor. */
#include "kind.h"

static const char *const wg_lr_shape_names[] = {"linear", "cosine", "sqrt", NULL};
static const char *const wg_lr_cycle_names[] = {"triangular", "triangular2", "exp_range", NULL};
static const char *const wg_lr_scaling_names[] = {"linear", "sqrt", NULL};

#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_INT(name, preset, help, ...) WG_OPTION_INT_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_BOOL(name, preset, help) WG_OPTION_BOOL_OF(options_type, name, preset, help),
#define WG_CHOICE(name, preset, help, type) WG_OPTION_CHOICE_OF(options_type, name, preset, help, type##_names),
#define WG_MILESTONE_LIST(name, preset, help) WG_OPTION_MILESTONES_OF(options_type, name, help),
#define WG_SCHEDULE(name, options)                                                              \
    extern const struct lr_kind lr_##name##_kind;                                               \
    static wg_option_table name##_table(void)                                                   \
    {                                                                                           \
        typedef wg_lr_##name##_options options_type;                                            \
        static const wg_option option[] = {options};                                            \
        return (wg_option_table){option, sizeof option / sizeof *option, sizeof(options_type)}; \
    }                                                                                           \
    wg_lr *wg_lr_##name##_with(wg_lr_##name##_options options_)                                 \
    {                                                                                           \
        return lr_create(&lr_##name##_kind, name##_table(), &options_, "lr_" #name);            \
    }
#include "wengert/schedules.def"
