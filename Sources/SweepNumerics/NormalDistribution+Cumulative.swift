extension NormalDistribution {
    /// The probability of a value below z; absolute error below 1e-15, for inner loops.
    ///
    /// Determinism: products, sums, quotients and `Elementary.exp` only. Source: the rational approximations to the error
    /// function published with FreeBSD's `s_erf.c`.
    package static func cumulative(_ z: Double) -> Double {
        let x = abs(z) * 0.7071067811865476
        if x < 0.84375 { return z < 0 ? 0.5 - 0.5 * erfNearZero(x) : 0.5 + 0.5 * erfNearZero(x) }
        let tail = 0.5 * erfcBeyond(x)
        return z < 0 ? tail : 1 - tail
    }

    /// The probability of a value between `low` and `high`, low ≤ high, without cancellation in the tails.
    package static func mass(from low: Double, to high: Double) -> Double {
        // Both in the upper tail: the same by symmetry in the lower one, where probabilities are small numbers.
        low > 0 ? cumulative(-low) - cumulative(-high) : cumulative(high) - cumulative(low)
    }

    /// The density at z.
    package static func density(_ z: Double) -> Double { 0.3989422804014327 * Elementary.exp(-0.5 * z * z) }

    private static func erfNearZero(_ x: Double) -> Double {
        let z = x * x
        var above = -2.37630166566501626084e-05
        above = above * z - 5.77027029648944159157e-03
        above = above * z - 2.84817495755985104766e-02
        above = above * z - 3.25042107247001499370e-01
        above = above * z + 1.28379167095512558561e-01
        var below = -3.96022827877536812320e-06
        below = below * z + 1.32494738004321644526e-04
        below = below * z + 5.08130628187576562776e-03
        below = below * z + 6.50222499887672944485e-02
        below = below * z + 3.97917223959155352819e-01
        below = below * z + 1
        return x + x * (above / below)
    }

    /// erfc(x) for x ≥ 0.84375.
    private static func erfcBeyond(_ x: Double) -> Double {
        if x < 1.25 {
            let s = x - 1
            var above = -2.16637559486879084300e-03
            above = above * s + 3.54783043256182359371e-02
            above = above * s - 1.10894694282396677476e-01
            above = above * s + 3.18346619901161753674e-01
            above = above * s - 3.72207876035701323847e-01
            above = above * s + 4.14856118683748331666e-01
            above = above * s - 2.36211856075265944077e-03
            var below = 1.19844998467991074170e-02
            below = below * s + 1.36370839120290507362e-02
            below = below * s + 1.26171219808761642112e-01
            below = below * s + 7.18286544141962662868e-02
            below = below * s + 5.40397917702171048937e-01
            below = below * s + 1.06420880400844228286e-01
            below = below * s + 1
            return 1 - 8.45062911510467529297e-01 - above / below
        }
        if x > 27 { return 0 }
        let s = 1 / (x * x)
        let ratio: Double
        if x < 1 / 0.35 {
            var above = -9.81432934416914548592e+00
            above = above * s - 8.12874355063065934246e+01
            above = above * s - 1.84605092906711035994e+02
            above = above * s - 1.62396669462573470355e+02
            above = above * s - 6.23753324503260060396e+01
            above = above * s - 1.05586262253232909814e+01
            above = above * s - 6.93858572707181764372e-01
            above = above * s - 9.86494403484714822705e-03
            var below = -6.04244152148580987438e-02
            below = below * s + 6.57024977031928170135e+00
            below = below * s + 1.08635005541779435134e+02
            below = below * s + 4.29008140027567833386e+02
            below = below * s + 6.45387271733267880336e+02
            below = below * s + 4.34565877475229228821e+02
            below = below * s + 1.37657754143519042600e+02
            below = below * s + 1.96512716674392571292e+01
            below = below * s + 1
            ratio = above / below
        } else {
            var above = -4.83519191608651397019e+02
            above = above * s - 1.02509513161107724954e+03
            above = above * s - 6.37566443368389627722e+02
            above = above * s - 1.60636384855821916062e+02
            above = above * s - 1.77579549177547519889e+01
            above = above * s - 7.99283237680523006574e-01
            above = above * s - 9.86494292470009928597e-03
            var below = -2.24409524465858183362e+01
            below = below * s + 4.74528541206955367215e+02
            below = below * s + 2.55305040643316442583e+03
            below = below * s + 3.19985821950859553908e+03
            below = below * s + 1.53672958608443695994e+03
            below = below * s + 3.25792512996573918826e+02
            below = below * s + 3.03380607434824582924e+01
            below = below * s + 1
            ratio = above / below
        }
        return Elementary.exp(-x * x - 0.5625 + ratio) / x
    }
}
