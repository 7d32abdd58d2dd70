// Black-76 by QuantLib's own function for one option at a time: the peer of the goal black76_vs_quantlib.
#include <cmath>
#include <cstddef>
#include <ql/pricingengines/blackformula.hpp>

extern "C" void black76(std::size_t count, const double *forward, const double *strike, const double *volatility,
                        const double *time, const double *discount, const double *sign, double *price)
{
    for (std::size_t i = 0; i < count; i++) {
        const auto type = sign[i] > 0 ? QuantLib::Option::Call : QuantLib::Option::Put;
        price[i] = QuantLib::blackFormula(type, strike[i], forward[i], volatility[i] * std::sqrt(time[i]), discount[i]);
    }
}
