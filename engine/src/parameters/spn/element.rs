//! The element names of the format, as a closed set.

macro_rules! elements {
    (read { $($variant:ident = $name:literal,)* } harmless { $($harmless:literal,)* } essential { $($essential:literal,)* }) => {
        /// What an element's name says about it.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(super) enum Element {
            $($variant,)*
            /// Known, and without influence on what is calculated.
            Harmless,
            /// Known to change margins in a way that is not calculated; its presence with content refuses the file.
            Essential,
            /// Not an element of the format.
            Unknown,
        }

        impl Element {
            pub(super) fn of(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)*
                    $($harmless)|* => Self::Harmless,
                    $($essential)|* => Self::Essential,
                    _ => Self::Unknown,
                }
            }

            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Harmless | Self::Essential | Self::Unknown => "",
                }
            }
        }
    };
}

impl Element {
    /// Whether an element may hold several of these; of all others a second one is a fault.
    pub(super) const fn repeats(self) -> bool {
        matches!(
            self,
            Self::A
                | Self::AcctTypeDef
                | Self::AdjRate
                | Self::AwayLeg
                | Self::CcDef
                | Self::ClearSpread
                | Self::ClearingOrg
                | Self::Cmb
                | Self::CmbPf
                | Self::CurConv
                | Self::CurrencyDef
                | Self::DSpread
                | Self::DeltaPointDef
                | Self::Equity
                | Self::EquityPf
                | Self::Exchange
                | Self::Fut
                | Self::FutPf
                | Self::Fwd
                | Self::FwdPf
                | Self::HomeLeg
                | Self::Harmless
                | Self::Essential
                | Self::Unknown
                | Self::OocPf
                | Self::OoePf
                | Self::OofPf
                | Self::OopPf
                | Self::Opt
                | Self::PLeg
                | Self::PmpsRate
                | Self::SLeg
                | Self::SSpread
                | Self::SpotRate
                | Self::PbRateDef
                | Self::PfLink
                | Self::Phy
                | Self::PhyPf
                | Self::PointDef
                | Self::PointInTime
                | Self::Ra
                | Self::Rate
                | Self::ScanPointDef
                | Self::ScanRate
                | Self::Series
                | Self::SpanFile
                | Self::TLeg
                | Self::Tier
                | Self::UndC
                | Self::UndPf
        )
    }
}

elements! {
    read {
        A = "a", AwayLeg = "awayLeg", ClearSpread = "clearSpread", HomeLeg = "homeLeg",
        InterClearSpreads = "interClearSpreads", SuperInterClearSpreads = "superInterClearSpreads", AcctType = "acctType", AcctTypeDef = "acctTypeDef", AdjRate = "adjRate", ApplyBasisRisk = "applyBasisRisk", BaseR = "baseR", BasisRates = "basisRates", C = "c",
        CmbMeth = "cmbMeth", IsRequired = "isRequired", IsTarget = "isTarget", IsTargetReq = "isTargetReq",
        NumLegsReq = "numLegsReq", OutR = "outr", PmRate = "pmRate", PmpsRate = "pmpsRate", PriceScanDown = "priceScanDown",
        PriceScanDownPct = "priceScanDownPct", PsRate = "psRate", SLeg = "sLeg", SSpread = "sSpread", SpotRate = "spotRate",
        Sprd = "sprd", SuperSpreads = "superSpreads", VolScanDown = "volScanDown", VolScanDownPct = "volScanDownPct",

        CId = "cId", CapAnov = "capAnov", Cc = "cc", CcDef = "ccDef", ChargeMeth = "chargeMeth",
        ClearingOrg = "clearingOrg", Cmb = "cmb", CmbPf = "cmbPf", Created = "created", CurConv = "curConv",
        Currency = "currency", CurrencyDef = "currencyDef", Cvf = "cvf", D = "d", DSpread = "dSpread", Date = "date",
        DecimalPos = "decimalPos", DeltaPointDef = "deltaPointDef", Definitions = "definitions", Denominator = "denominator", Ec = "ec",
        Equity = "equity", EquityPf = "equityPf", Exch = "exch", Exchange = "exchange", Exercise = "exercise",
        Factor = "factor", FileFormat = "fileFormat", FromCur = "fromCur", Fut = "fut", FutPf = "futPf", Fwd = "fwd",
        FwdPf = "fwdPf", I = "i", InterSpreads = "interSpreads", InterTiers = "interTiers", IntraTiers = "intraTiers",
        IsCust = "isCust", IsM = "isM", IsNetMargin = "isNetMargin", IsSetl = "isSetl", K = "k", MarginMeth = "marginMeth", Mult = "mult",
        Name = "name", Numerator = "numerator", O = "o", OocPf = "oocPf", OoePf = "ooePf", OofPf = "oofPf",
        OopDeltaMeth = "oopDeltaMeth", OopPf = "oopPf", Opt = "opt", P = "p", PLeg = "pLeg",
        PairedPoint = "pairedPoint", PbRateDef = "pbRateDef", Pbc = "pbc", Pe = "pe", PfCode = "pfCode",
        PfId = "pfId", PfLink = "pfLink", PfType = "pfType", Phy = "phy", PhyPf = "phyPf", Point = "point",
        PointDef = "pointDef", PointInTime = "pointInTime", PriceDl = "priceDl", PriceModel = "priceModel",
        PriceScan = "priceScan", PriceScanDef = "priceScanDef", Priority = "priority", ProcMeth = "procMeth", R = "r",
        Ra = "ra", Rate = "rate", RiskExponent = "riskExponent", Rs = "rs", Run = "run", S = "s", SPe = "sPe",
        EPe = "ePe", Sc = "sc", ScanPointDef = "scanPointDef", ScanRate = "scanRate", ScanTiers = "scanTiers",
        Series = "series", SetlDate = "setlDate", SetlMeth = "setlMeth", SetlQualifier = "setlQualifier",
        SomMeth = "somMeth", SomTiers = "somTiers", SpanFile = "spanFile", SpotMeth = "spotMeth", Spread = "spread",
        SpreadType = "spreadType", StrikeDl = "strikeDl", Svf = "svf", Symbol = "symbol", T = "t", TLeg = "tLeg",
        Tier = "tier", Tn = "tn", ToCur = "toCur", UndC = "undC", UndPf = "undPf", V = "v", Val = "val",
        ValueMeth = "valueMeth", VolScan = "volScan", VolScanDef = "volScanDef", VolScanPct = "volScanPct",
        Weight = "weight", WfprMeth = "wfprMeth",
    }
    harmless {
        "aVal", "acctSubTypeCode", "acctSubTypeDef", "alias", "arrayPrecision", "binaryArrays", "cab", "calDef",
        "contractSize", "dataType", "daysPerYear", "description", "divRate",
        "eqPosFactor", "fdot", "fee", "feeTypeDef", "finalizeMeth", "group", "groupDef", "groupTypeDef", "hfactor",
        "id", "legPrice", "legPriceFlag", "intrRate", "isVariableTick", "ldot", "limitArraysTo16Points", "lookAheadDays",
        "lookAheadYears", "notionAmt", "portfolio", "positionsAllowed", "pq", "priceFmt", "priceMeth",
        "priceScanPct", "priceType", "quoteInOptTerms", "refPrice", "refPriceFlag", "sectorDef", "seriesSetlMeth", "specs", "strikeFmt",
        "tick", "tickTypeDef", "time", "uom", "uomQty", "useOTCRounding", "venue", "venueDef", "vmClass", "vmRate",
        "volSrc", "volType", "zeroCurve",
    }
    essential {
        "CDSwapPf", "IRSwapPf", "applyFxRisk", "apportionRisk", "sPointDef", "brk", "btn", "businessFunction", "capRiskArray", "cdsMarginParams",
        "cdsRate", "concAdjRate", "concScaleUp", "custUseLov", "debtPf", "eDebtPf", "fxHvarSetId", "hvarMarginParams",
        "hvarSetId", "isCDSScanRisk", "isContractScale", "limitSubAccountOffset", "liqRate",
        "minIntExDeltaPct", "rateTiers", "rpLeg",
        "tbn", "tne", "useLovPct", "volRate",
    }
}
